var e=`<p>Say what you want to hear, and get it. The models that do this were trained by others on very many sounds, so their
weights are not part of Maquette: you download a folder yourself, and Maquette uses it where it lies. Nothing leaves
your computer.</p>
<h2 id="get-a-model" tabindex="-1"><a href="#get-a-model">Get a model</a></h2>
<p>Download the whole folder of a model from a model hub, with every file that it lists.</p>
<div class="table" role="group" tabindex="0" aria-label="Get a model"><table><thead><tr><th scope="col">Model</th><th scope="col">Sound</th><th scope="col">Good for</th></tr></thead><tbody><tr><td>MusicGen small, medium, stereo, melody</td><td>32 kHz, up to 30 s at once</td><td>music; going on from a sound; following a melody</td></tr><tr><td>Stable Audio 3 small</td><td>44.1 kHz, stereo, up to 120 s</td><td>music and noises; making a sound anew, filling gaps</td></tr><tr><td>AudioLDM</td><td>16 kHz, mono</td><td>noises and atmospheres; being told what not to make</td></tr></tbody></table></div>
<ol>
<li>Open <strong>Models</strong> and choose <strong>Add weights of others…</strong>.</li>
<li>Choose the folder. <strong>Look into the folder</strong> says what is in it, what is missing, how much memory it takes, and under
which terms it may be used. No weights are read for that.</li>
<li>If the terms restrict what you may do with the sounds, read them and accept them. That is asked once; the name of the
licence stays with every sound that you make.</li>
<li><strong>Add to library</strong>. The files stay where they are. If you move the folder, add it again.</li>
</ol>
<h2 id="make-sounds" tabindex="-1"><a href="#make-sounds">Make sounds</a></h2>
<p>Open <strong>Create</strong>, then <strong>From text</strong>.</p>
<ul>
<li><strong>What is it to be?</strong> Instruments, mood, place, tempo: plain words. The examples show how. What a model cannot read any
more is cut off, and you are told.</li>
<li><strong>Mix with another prompt</strong> lets the model follow several at once, each by its weight.</li>
<li><strong>How many</strong> are made at once, each with a seed of its own. The same seed gives the same sound again.</li>
<li><strong>Sampler</strong>: steps, where the model has them, and <strong>guidance</strong>, which is how literally it takes your words. <strong>Weights in
8 bits</strong> take about a third of the memory, and are faster with MusicGen.</li>
<li><strong>Begin with a sound</strong>: go on from it, make it anew, fill a gap in it, or follow its melody, as the model can.</li>
<li><strong>Edges and loop</strong>: cut off silence, fade in and out, or blend the end into the start so that it repeats without a seam.</li>
</ul>
<p>The sounds appear beside the form as they are made. Listen with the arrow keys, keep with K, throw away with X; all of
<a href="/help/generate">Let it go on</a> holds here too: favourites, presets, <strong>Others like these</strong>, and <strong>Make it again</strong>, which gives the
same samples.</p>
<h2 id="sections-parts-tempo-and-key" tabindex="-1"><a href="#sections-parts-tempo-and-key">Sections, parts, tempo and key</a></h2>
<p><strong>Sections</strong> follow one another, each with words of its own. Where the model can go on from a sound, each section hears the
end of the one before; otherwise they are blended.</p>
<p><strong>Parts</strong> sound together: drums, bass, keys, each by words of its own. Maquette listens to each part, stretches its beats to the
tempo, starts it on its first beat, and transposes it where it came out in another key nearby. You get their sum, and every
part to download. What was done to each is said with the result.</p>
<p><strong>Tempo</strong> and <strong>key</strong> are also said in the prompt. With a second tempo <strong>at the end</strong>, the beats are stretched so that it
changes evenly on the way.</p>
<h2 id="teach-it-your-own-sounds" tabindex="-1"><a href="#teach-it-your-own-sounds">Teach it your own sounds</a></h2>
<p>An <strong>adapter</strong> (LoRA) teaches Stable Audio 3 what your instrument, your band or your room sounds like. The model itself stays
as it is; the adapter is a small file beside it.</p>
<ol>
<li>Collect 20 to 50 clips of a few seconds to a minute that sound like what you want to hear. Words help: beside <code>kick.wav</code> put
a text file <code>kick.txt</code> that says what is heard, such as <em>deep soft kick drum, dry</em>. Clips without one get the <strong>words for
all clips</strong> and what their file is called.</li>
<li>Make a dataset of the folder, in stereo if left and right matter.</li>
<li>On the page of the model choose <strong>Train an adapter…</strong>, then the dataset. <strong>Quick</strong> is a first try; <strong>Standard</strong> takes a
night on a laptop. Say something of your own as words for all clips, such as the name of your band: the same words call the
sound up later.</li>
<li>Listen to the samples on the way. If the <strong>validation loss</strong> rises again while the loss falls, it learns the clips by heart:
take an earlier checkpoint, more clips, or a lower rank.</li>
<li><strong>Add to library</strong> puts the best checkpoint beside its model. Under <strong>Create → From text → Adapters</strong> choose it, with a
slider for how much of it: 1 is as it was trained, more exaggerates it, below 0 goes away from it. Several can be mixed.</li>
</ol>
<p>A finished adapter leaves as a file that other programs read (<strong>Export…</strong>), and such files come in on the page <strong>Import</strong>. The
licence of the model holds for its adapters, and its name goes with them.</p>
<h2 id="when-it-does-not-work" tabindex="-1"><a href="#when-it-does-not-work">When it does not work</a></h2>
<div class="table" role="group" tabindex="0" aria-label="When it does not work"><table><thead><tr><th scope="col">Message</th><th scope="col">What to do</th></tr></thead><tbody><tr><td>Tensors are missing</td><td>A file of the folder was not downloaded whole. Download it again.</td></tr><tr><td>A file is a Git LFS pointer</td><td>The folder was cloned without its large files. Download them from the hub.</td></tr><tr><td>It does not fit in memory</td><td>Take weights in 8 bits, a shorter sound, or a smaller model; close other programs.</td></tr><tr><td>The terms have not been accepted</td><td>Open the model&#39;s page, read them, and accept them.</td></tr></tbody></table></div>
<p>By command: <code>maquette weights add FOLDER</code>, <code>maquette generate-text MODEL --prompt &quot;…&quot; --seconds 10 -o OUT.wav</code>, <code>maquette adapter train MODEL --dataset DATASET</code>; every
option stands in <code>docs/words.md</code> of the program&#39;s source.</p>
`;export{e as default};