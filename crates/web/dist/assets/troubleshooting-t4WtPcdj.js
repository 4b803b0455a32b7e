var e=`<p>When something goes wrong, the page says what happened, why, and what you can do. This page collects the most
common cases.</p>
<h2 id="out-of-memory" tabindex="-1"><a href="#out-of-memory">Out of memory</a></h2>
<p><strong>A run ended because the computer ran out of memory.</strong> The model needs more than was free. Close other
programs, or make the run smaller: see <a href="/help/training#memory">Memory</a>. Resuming with the same settings usually
ends in the same way, so start a new run with the suggested settings.</p>
<h2 id="the-disk-is-full" tabindex="-1"><a href="#the-disk-is-full">The disk is full</a></h2>
<p><strong>A run stopped because there is no space left.</strong> Nothing is damaged: the last checkpoint is complete. Free some
space, then resume the run. What usually takes most space:</p>
<ul>
<li>the trash: <a href="#trash">empty it</a> to get the space back at once;</li>
<li>datasets, which hold uncompressed sound;</li>
<li>old runs, each with several checkpoints. Add the best one to the library, then delete the run.</li>
</ul>
<h2 id="the-run-stopped-unexpectedly" tabindex="-1"><a href="#the-run-stopped-unexpectedly">The run stopped unexpectedly</a></h2>
<p><strong>The training process stopped unexpectedly.</strong> The computer was turned off, or something ended the process.
Resume the run; it goes on from its last checkpoint. If it happens again at the same place, look at the log of
the run.</p>
<h2 id="training-is-unstable" tabindex="-1"><a href="#training-is-unstable">Training is unstable</a></h2>
<p>The distance jumps up, or the sound turns to noise: see <a href="/help/training#divergence">Divergence</a>.</p>
<h2 id="training-is-slow" tabindex="-1"><a href="#training-is-slow">Training is slow</a></h2>
<ul>
<li>Use <strong>Estimate training time</strong> before you start, to see what a preset costs.</li>
<li>Close other programs that keep the CPU busy. Only one run trains at a time, but preparing a dataset also uses
all cores.</li>
<li>Choose a smaller preset, a lower <strong>Capacity</strong>, or a lower sample rate for the dataset.</li>
<li>Published configurations such as RAVE v2 were made for large GPUs. On a CPU they take weeks.</li>
</ul>
<h2 id="it-sounds-bad" tabindex="-1"><a href="#it-sounds-bad">It sounds bad</a></h2>
<div class="table" role="group" tabindex="0" aria-label="It sounds bad"><table><thead><tr><th scope="col">What you hear</th><th scope="col">What to try</th></tr></thead><tbody><tr><td>noise only</td><td>Train longer; the first minutes always sound like this.</td></tr><tr><td>dull or metallic</td><td>Let it reach phase 2, or train longer.</td></tr><tr><td>right sound, wrong notes</td><td>More latent dimensions, less regularisation, more recordings.</td></tr><tr><td>good on training sounds only</td><td>More varied recordings.</td></tr><tr><td>hum or hiss in silence</td><td>The augmentation switches Mute and Gain.</td></tr><tr><td>clicks between blocks in <code>nn~</code></td><td>Export again with streaming.</td></tr></tbody></table></div>
<h2 id="it-sounds-quiet" tabindex="-1"><a href="#it-sounds-quiet">It sounds quiet</a></h2>
<ul>
<li>Compare with the original by ear: a model learns the level of its recordings. If these are quiet, make them louder
and prepare the dataset again. The <strong>Peak</strong> and <strong>Level</strong> of each file stand in the table of the dataset.</li>
<li>The original and its reconstruction play at one volume. If both are quiet, raise the volume of the player.</li>
<li>If only the reconstruction is quiet, train longer: a model also has to learn how loud its sounds are.</li>
<li>Do not use the augmentation switch <strong>Gain</strong> if the level itself matters: it teaches the model to play all levels.</li>
</ul>
<h2 id="a-file-could-not-be-used" tabindex="-1"><a href="#a-file-could-not-be-used">A file could not be used</a></h2>
<p>Skipped files are listed on the page of the dataset, with the reason.</p>
<div class="table" role="group" tabindex="0" aria-label="A file could not be used"><table><thead><tr><th scope="col">Reason</th><th scope="col">What to do</th></tr></thead><tbody><tr><td>not a sound file, or damaged</td><td>Play it in another program. If that works, convert it to WAV or FLAC.</td></tr><tr><td>holds no sound</td><td>Its length is zero: record or export it again.</td></tr><tr><td>silent</td><td>It has nothing to learn from.</td></tr><tr><td>format not supported</td><td>Convert it to WAV or FLAC.</td></tr></tbody></table></div>
<h2 id="something-is-missing-from-a-list" tabindex="-1"><a href="#something-is-missing-from-a-list">Something is missing from a list</a></h2>
<p>If the folder of a dataset, run or model is damaged, or was written by a newer version of Maquette, it cannot be
shown like the others. The page says which folder it is and why. Install the newer version, or restore the
folder from a backup.</p>
<h2 id="trash" tabindex="-1"><a href="#trash">Trash</a></h2>
<p>Deleted datasets, runs, models, reconstructions, presets and exports go to the trash for 30 days. Until then
they still take up disk space. <strong>Trash</strong>, on the left and at the foot of each list, shows them with
their size and the time they have left:</p>
<ul>
<li><strong>Restore</strong> puts something back where it was.</li>
<li><strong>Delete forever</strong> removes it and frees its space at once.</li>
<li><strong>Empty trash</strong> does that with everything in it.</li>
</ul>
<pre tabindex="0"><code>maquette trash list
maquette trash restore strings
maquette trash delete strings
maquette trash empty</code></pre>
<h2 id="the-page-does-not-load" tabindex="-1"><a href="#the-page-does-not-load">The page does not load</a></h2>
<ul>
<li>The address is printed in the terminal where Maquette was started, by default <code>http://127.0.0.1:7878</code>.</li>
<li>The page works only on the same computer; it is not reachable from others, on purpose.</li>
<li>If a banner says that the studio does not answer, the program was closed. Start it again; the page reconnects
by itself. Runs that were training go on meanwhile.</li>
</ul>
<h2 id="no-sound" tabindex="-1"><a href="#no-sound">No sound</a></h2>
<p>Check the volume in the player at the bottom of the page, and that the browser tab is not muted. Some browsers
only play sound after you have clicked on the page.</p>
<h2 id="checking-this-computer" tabindex="-1"><a href="#checking-this-computer">Checking this computer</a></h2>
<p><strong>Settings</strong> shows what this computer has, what works and what could be better. The same in a terminal:</p>
<pre tabindex="0"><code>maquette doctor</code></pre>
<h2 id="reporting-a-problem" tabindex="-1"><a href="#reporting-a-problem">Reporting a problem</a></h2>
<p>Choose <strong>Copy report</strong> under the details of a message. It holds the message, its code and the version, but no
paths or names of yours.</p>
`;export{e as default};