var e=`<p>A run trains a model on a dataset. You can stop it at any time, resume it exactly where it was, and listen to it
while it learns.</p>
<h2 id="starting-a-run" tabindex="-1"><a href="#starting-a-run">Starting a run</a></h2>
<p>Choose <strong>Train a model</strong> on the page of a dataset, or <strong>New run</strong> under Runs. The only choices that you have to
make are a preset and when to stop. The summary beside the form tells how large the model will be, how much
memory it needs, and how it will behave when played live.</p>
<div class="table" role="group" tabindex="0" aria-label="Starting a run"><table><thead><tr><th scope="col">Preset</th><th scope="col">Use it for</th></tr></thead><tbody><tr><td>Sketch</td><td>Trying out a dataset: ten minutes on a laptop.</td></tr><tr><td>Standard</td><td>A usable model: an hour to a night on a good computer.</td></tr><tr><td>RAVE v2 small, v2, v3, v1 …</td><td>The published configurations of RAVE. Days to weeks on a CPU.</td></tr></tbody></table></div>
<p><strong>Switches</strong> change a few settings of the preset together: Causal lowers the latency of live playing, Noise
synthesiser helps with breath and drums, and so on. If two switches change the same setting, the later one wins.
Under <strong>All settings</strong> you can change any single setting; the question mark next to it tells what it does, its
range and its default. Save choices that you want to use again as a preset of your own.</p>
<pre tabindex="0"><code>maquette train DATASET --preset sketch --minutes 10 --follow
maquette train DATASET --preset v2 --switch causal --set batch_size=4</code></pre>
<h2 id="how-long-it-takes" tabindex="-1"><a href="#how-long-it-takes">How long it takes</a></h2>
<p><strong>Estimate training time</strong> runs a few real steps with your settings, and tells how long the training will take
to the end of each phase. It takes about 20 seconds for small models. On the command line:</p>
<pre tabindex="0"><code>maquette compose --dataset DATASET --preset v2 --measure</code></pre>
<p>You can stop after a set time, after a number of steps, or manually. If you are unsure, choose a time: a run
that has reached its limit can be resumed with a later one.</p>
<h2 id="memory" tabindex="-1"><a href="#memory">Memory</a></h2>
<p>The form estimates how much memory a run needs, separately for each phase, and compares it with what is free. If
it is tight or too large, it suggests what to change. What helps most:</p>
<ol>
<li><strong>Batch size</strong>: half the excerpts per step need almost half the memory.</li>
<li><strong>Excerpt length</strong>: shorter excerpts need less, and teach shorter patterns.</li>
<li><strong>Capacity</strong> or a smaller preset.</li>
<li>RAVE&#39;s own <strong>discriminators</strong> in place of the Descript ones, which need several times as much.</li>
</ol>
<p>Phase 2 can need more than phase 1, so a run may fit at first and run out of memory later. The estimate covers
both.</p>
<h2 id="two-phases" tabindex="-1"><a href="#two-phases">Two phases</a></h2>
<p>In <strong>phase 1</strong> the model learns to describe and reconstruct sound. Its reconstructions become recognisable but
may stay dull or metallic. In <strong>phase 2</strong> discriminators are trained to tell originals from reconstructions, and
the decoder learns to pass as real. This brings back brightness and attack. The length of phase 1 is a setting;
a short run may never reach phase 2, and does not need to.</p>
<h2 id="following-a-run" tabindex="-1"><a href="#following-a-run">Following a run</a></h2>
<ul>
<li><strong>Reconstruction</strong>: the newest sound that the model makes of a held-out file, next to the original. Trust your
ears before any number.</li>
<li><strong>Validation distance</strong>: how far reconstructions of held-out sounds are from the originals. Lower is better.
Compare it only between runs on the same dataset.</li>
<li><strong>Losses</strong>: what the model minimises in training. They should fall quickly at first and then slowly.</li>
<li><strong>Metrics</strong> shows every curve: learning rate, gradient norm, speed, and in phase 2 the discriminator scores of
originals and reconstructions.</li>
</ul>
<p>In phase 2 it is normal that the discriminator loss and the adversarial loss move up and down against each
other, and that the validation distance rises a little while the sound becomes livelier.</p>
<p>Curves are also written as TensorBoard files, in the <code>tensorboard</code> folder of the run.</p>
<h2 id="when-is-it-done" tabindex="-1"><a href="#when-is-it-done">When is it done</a></h2>
<ul>
<li>You like what you hear. That is reason enough.</li>
<li>The validation distance has not improved for a long time. You can let the run stop by itself then: set <strong>Stop
early after</strong> under All settings.</li>
<li>The model reconstructs training sounds well but held-out sounds badly: it has memorised the dataset. Add more
or more varied recordings, or use a smaller model.</li>
</ul>
<h2 id="checkpoints" tabindex="-1"><a href="#checkpoints">Checkpoints</a></h2>
<p>A checkpoint is written about once a minute, when you stop, and whenever you choose <strong>Save checkpoint</strong>. The
best one by validation distance and the newest ones are kept; older ones are removed to save space. <strong>Add to
library</strong> keeps the best checkpoint as a model; you can add any other from the list of checkpoints.</p>
<h2 id="stop-and-resume" tabindex="-1"><a href="#stop-and-resume">Stop and resume</a></h2>
<p><strong>Stop</strong> saves a checkpoint and ends the run. <strong>Resume</strong> goes on from the newest checkpoint exactly as if
nothing had happened, also after a crash or power failure, which costs about a minute of work at most.</p>
<pre tabindex="0"><code>maquette run stop RUN
maquette run resume RUN --minutes 60</code></pre>
<p>Only one run trains at a time; others wait in the queue.</p>
<h2 id="divergence" tabindex="-1"><a href="#divergence">Divergence</a></h2>
<p>If training becomes unstable, the losses jump up and reconstructions turn into noise. Maquette notices when
steps give no usable numbers, or when the validation distance rises to a hundred times its best. It then warns
you, returns to the last good checkpoint, and goes on at half the learning rate. If that does not help three
times in a row, the run ends as failed. Start a new run then, and change one of these:</p>
<ol>
<li>Lower the <strong>learning rate</strong>, for example to a third. It is the cause most of the time.</li>
<li>Turn on <strong>gradient clipping</strong>; 1 is a good start.</li>
<li>Use a larger <strong>batch size</strong>.</li>
</ol>
<p>Checkpoints from before the divergence are kept, and the best checkpoint is always the one with the lowest
validation distance that was measured. So what was good before is not lost.</p>
<h2 id="the-same-result-again" tabindex="-1"><a href="#the-same-result-again">The same result again</a></h2>
<p>The same random seed, settings and dataset give the same training. The <strong>Settings</strong> tab of a run has everything
that it was made with, and <strong>New run with these settings</strong> starts another.</p>
`;export{e as default};