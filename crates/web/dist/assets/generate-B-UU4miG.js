var e=`<p>A trained model can make sounds by itself. You choose where they come from, let it make some, keep those that you
like, and find them again with how they were made. <strong>Create</strong> in the menu has all of it; <code>g</code> <code>c</code> opens it.</p>
<h2 id="generate" tabindex="-1"><a href="#generate">Generate</a></h2>
<p>Choose <strong>Create</strong>, then <strong>Generate</strong>. Five sources are there:</p>
<div class="table" role="group" tabindex="0" aria-label="Generate"><table><thead><tr><th scope="col">Source</th><th scope="col">What it does</th></tr></thead><tbody><tr><td>A prior</td><td>It has learnt what usually follows what, and makes up more of it. <a href="/help/priors">Train a prior</a> says how.</td></tr><tr><td>A random walk</td><td>It wanders through the latents and stays where sounds lie. No prior is needed.</td></tr><tr><td>A path</td><td>From point to point: favourites that you kept while exploring, sounds of the dataset, or points at random.</td></tr><tr><td>A sound, continued</td><td>A prior hears the start of a recording and goes on.</td></tr><tr><td>Variations</td><td>The recipe of a sound that you kept, which drifts a little each time.</td></tr></tbody></table></div>
<p><strong>Speed</strong> and <strong>range</strong> of a walk decide most: slow and near the mean gives pads, fast and far out gives surprises,
some of them unpleasant. <strong>Temperature</strong> is how bold a prior is: 0 always takes what is likeliest, 1 is as bold as
what it learnt.</p>
<p><strong>Seed</strong> decides every random number. The same recipe with the same seed gives the same samples again, at any time.
The dice choose another one.</p>
<p><strong>Loudness</strong> brings each sound to a level: −14 LUFS as streaming services do, −16 for podcasts, −23 for
broadcasting. Peaks stay below full scale, so a sound with high peaks may stay quieter than that.</p>
<h2 id="sort-out-by-ear" tabindex="-1"><a href="#sort-out-by-ear">Sort out by ear</a></h2>
<p>Sounds appear as they are made. With the first one in focus, no mouse is needed:</p>
<div class="table" role="group" tabindex="0" aria-label="Sort out by ear"><table><thead><tr><th scope="col">Key</th><th scope="col">Does</th></tr></thead><tbody><tr><td>arrows</td><td>go to another sound and play it</td></tr><tr><td>Space</td><td>plays and stops</td></tr><tr><td>K</td><td>keeps it</td></tr><tr><td>X or Delete</td><td>throws it away; <strong>Undo</strong> brings it back for ten seconds</td></tr><tr><td>F</td><td>keeps it as a favourite</td></tr><tr><td>V</td><td>makes variations of it</td></tr><tr><td>R</td><td>shows its recipe</td></tr><tr><td>T, or Shift and arrows</td><td>select several; K and X then mean all of them</td></tr><tr><td>Enter</td><td>opens it</td></tr></tbody></table></div>
<p><strong>Keep all</strong> and <strong>Throw away the rest</strong> finish the job. <strong>Others like these</strong> makes as many again with another
seed. What was thrown away is deleted from the disk; kept sounds are copies of their own.</p>
<h2 id="presets" tabindex="-1"><a href="#presets">Presets</a></h2>
<p><strong>Save as a preset</strong> keeps all that the form says under a name. Any sound can be one, too: <strong>Use as a preset</strong> on its
page opens the form as it was when the sound was made.</p>
<h2 id="style-recordings-through-a-model" tabindex="-1"><a href="#style-recordings-through-a-model">Style: recordings through a model</a></h2>
<p><strong>Style</strong> sends recordings through a model: files that you drop, sounds of a dataset, kept sounds, or a whole folder
of this computer with its sub-folders.</p>
<ol>
<li>Choose what comes in, and the model. Several models can be morphed, each with a weight.</li>
<li><strong>Amount</strong> mixes the original with the model. <strong>Follow loudness</strong> gives the result the loudness of the original
from moment to moment.</li>
<li><strong>Bring the pitch into the model&#39;s range</strong> transposes what comes in to where the model has learnt, and back
afterwards.</li>
<li><strong>Preview</strong> makes the first eight seconds of one sound. Press A and B to compare: both run in sync.</li>
<li><strong>Send through</strong> makes all of them.</li>
</ol>
<p>Files that cannot be read are named, and the others are made. Every result is listed beside its original, to
compare, to download and to keep; <strong>Open folder</strong> shows the files.</p>
<p>On the command line, a hundred files at once:</p>
<pre tabindex="0"><code>maquette style MODEL recordings/ -o processed/
maquette generate MODEL --walk --seed 3 --seconds 8 --count 20 -o sounds/</code></pre>
<h2 id="the-gallery" tabindex="-1"><a href="#the-gallery">The gallery</a></h2>
<p><strong>Create</strong> shows every sound that was kept, and recordings of live play. Search by name, tag or model; a star marks
favourites. Each sound says in one sentence how it was made, and its page shows the whole recipe, the models and their
checksums.</p>
<ul>
<li><strong>Make it again</strong> follows the recipe once more and says whether every sample is the same.</li>
<li><strong>Variations of it</strong> makes twelve that drift from it.</li>
<li><strong>Open in the explorer</strong> plays its model live, with the recipe&#39;s controls.</li>
</ul>
<p>Below them are <strong>recipes to try</strong>. They come with Maquette and hold no sounds: each is made with a model of yours.</p>
<h2 id="when-it-sounds-wrong" tabindex="-1"><a href="#when-it-sounds-wrong">When it sounds wrong</a></h2>
<ul>
<li><strong>Noise, or a hum that never changes</strong>: the model has trained too little, or the walk goes too far out. Try a
range below 1.</li>
<li><strong>Everything sounds the same</strong>: raise the range, or the scale under <strong>All controls</strong>.</li>
<li><strong>It came out differently</strong>: a model in the recipe was replaced or deleted, or another version of Maquette made the
sound. The page says which.</li>
</ul>
`;export{e as default};