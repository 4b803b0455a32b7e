var e=`<p>A model of sound is an instrument. Sing into it, send recordings through it, or move through what it has learned, and
hear the result at once. Everything is computed on this computer.</p>
<h2 id="start" tabindex="-1"><a href="#start">Start</a></h2>
<p>Open a model and choose <strong>Play</strong>. Before it starts, you can choose:</p>
<ul>
<li><strong>Other models</strong> to morph with: up to three more that play at the same sample rate.</li>
<li><strong>Precision</strong>: fewer bits compute faster. For large models on few cores, 8 bits is the setting that keeps up.</li>
<li><strong>Noise</strong>: whether the noise that the model makes itself is heard.</li>
<li><strong>Seed</strong>: the same seed gives the same random numbers again.</li>
</ul>
<p>The first sound needs a click: browsers play nothing before it.</p>
<h2 id="sources" tabindex="-1"><a href="#sources">Sources</a></h2>
<p>Several can play at once.</p>
<div class="table" role="group" tabindex="0" aria-label="Sources"><table><thead><tr><th scope="col">Source</th><th scope="col">What it is</th></tr></thead><tbody><tr><td>Microphone</td><td>Your voice or instrument. The browser asks for permission.</td></tr><tr><td>Sound</td><td>A recording: of the dataset, of your library, or a file that you drop. Drag on its ruler to loop a part.</td></tr><tr><td>Pad and sliders</td><td>The place that you choose in <a href="/help/explore">the explorer</a>.</td></tr><tr><td>Path</td><td>A way between places, or a movement that you recorded.</td></tr><tr><td>Prior</td><td>A model that makes up latents by itself.</td></tr><tr><td>Random walk</td><td>Wanders by itself where the sounds are.</td></tr></tbody></table></div>
<p>The last four are <strong>latents</strong>: they say directly what the model plays. Their weights, and that of the input&#39;s own
latents, share a whole. When you switch one on and nothing is coming in, the input steps aside.</p>
<h2 id="shape-the-sound" tabindex="-1"><a href="#shape-the-sound">Shape the sound</a></h2>
<ul>
<li><strong>Model</strong> goes from the input alone (<code>a</code>) to the model alone (<code>b</code>), in sync, so that you can compare them.</li>
<li><strong>Transposition</strong> brings the input into the model&#39;s range and the output back.</li>
<li><strong>Follow loudness</strong> gives the output the loudness of the input.</li>
<li><strong>Smoothing</strong> lets the sound follow slowly, <strong>latent noise</strong> makes it rough, <strong>scale</strong> exaggerates it.</li>
<li><strong>Hold</strong> (<code>o</code>) keeps the sound where it is.</li>
</ul>
<p>A limiter keeps peaks below full scale; a lamp shows when it works.</p>
<h2 id="record" tabindex="-1"><a href="#record">Record</a></h2>
<p><strong>Record</strong> (<code>R</code>) writes what you hear. The recording goes to the library of sounds with everything that is needed
to make it again: the sound that came in and every move of a control.</p>
<h2 id="latency" tabindex="-1"><a href="#latency">Latency</a></h2>
<p>The number at the end of the bar is the time from the microphone to your ear. Click it to see its parts: the
model&#39;s own latency, the buffer, and what the browser reports of the devices. Only the buffer can be chosen while you play.</p>
<ul>
<li>A <strong>smaller buffer</strong> responds sooner.</li>
<li>A <strong>larger buffer</strong> forgives more. When <strong>Underruns</strong> grow, blocks came too late: they are covered so that nothing
crackles, and counted. Choose a larger buffer, fewer bits, or close other programs.</li>
<li><strong>Computing</strong> near 100% means that the model cannot keep up at all.</li>
</ul>
<p>For the shortest latency, train with the switch <strong>Causal</strong> or with the preset <strong>BRAVE</strong>, and use headphones: a
loudspeaker that the microphone hears goes round and round.</p>
<h2 id="instruments" tabindex="-1"><a href="#instruments">Instruments</a></h2>
<p><strong>Instruments</strong> saves where all controls stand, with the sound, the path, and what knobs and notes do. The star makes
one the first that this model begins with. Everything that you move can be undone with <code>Ctrl+Z</code>.</p>
<h2 id="midi-and-keys" tabindex="-1"><a href="#midi-and-keys">MIDI and keys</a></h2>
<p>On the tab <strong>MIDI and keys</strong>, choose <strong>Use MIDI</strong>. Then choose <strong>Learn</strong>, press <strong>Learn</strong> beside a control, and move a knob
of your controller. Notes can transpose the loaded sound, jump between favourites, or move along a direction. The path can
follow a MIDI clock. Without a controller, the lower row of letters plays notes, if you switch that on.</p>
<h2 id="when-something-goes-wrong" tabindex="-1"><a href="#when-something-goes-wrong">When something goes wrong</a></h2>
<div class="table" role="group" tabindex="0" aria-label="When something goes wrong"><table><thead><tr><th scope="col">What is said</th><th scope="col">What to do</th></tr></thead><tbody><tr><td>The microphone is not allowed</td><td>Allow it for this page: click the icon beside the address.</td></tr><tr><td>The microphone is gone</td><td>It was unplugged. Choose another, or the default.</td></tr><tr><td>Another page plays this session now</td><td>One page plays at a time. <strong>Take it back</strong> if you want it here.</td></tr><tr><td>The session has ended</td><td>Its process is gone. <strong>Start again</strong>: all controls stand as they did, and recordings are safe.</td></tr></tbody></table></div>
<p><code>Escape</code> silences everything at once.</p>
<p>Sound files can take the same way without a page:</p>
<pre tabindex="0"><code>maquette play MODEL --in voice.wav --out voice-as-strings.wav</code></pre>
`;export{e as default};