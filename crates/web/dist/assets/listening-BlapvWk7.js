var e=`<p>Numbers only tell part of the truth. Maquette lets you compare what goes into a model with what comes out,
sample by sample.</p>
<h2 id="original-and-reconstruction" tabindex="-1"><a href="#original-and-reconstruction">Original and reconstruction</a></h2>
<p>Wherever there is a reconstruction, you can switch between it (B) and the original (A) while they play. Both are
aligned to the sample, so nothing but the sound changes.</p>
<div class="table" role="group" tabindex="0" aria-label="Original and reconstruction"><table><thead><tr><th scope="col">Key</th><th scope="col">Does</th></tr></thead><tbody><tr><td><code>Space</code></td><td>play or pause</td></tr><tr><td><code>a</code>, <code>b</code></td><td>listen to the original or the reconstruction</td></tr><tr><td><code>x</code></td><td>switch between the two</td></tr><tr><td><code>l</code></td><td>loop on or off</td></tr></tbody></table></div>
<p>Drag on the ruler above the waveform to loop a region; drag the loop or its ends to adjust it, and double-click
to clear it. <code>Ctrl</code> and the mouse wheel, or <code>+</code> and <code>-</code>, zoom in and out; <code>0</code> shows everything. The spectrogram
helps to see what you hear: a dull sound has no energy at the top, noise fills the gaps between partials, and
blurred attacks are wider than in the original.</p>
<h2 id="while-a-run-trains" tabindex="-1"><a href="#while-a-run-trains">While a run trains</a></h2>
<p>The page of a run plays the newest reconstruction of a held-out sound. The tab <strong>Reconstructions</strong> keeps earlier
ones: move the slider to hear how the model developed. A sound that plays goes on at the same place when you
move it.</p>
<h2 id="testing-a-model" tabindex="-1"><a href="#testing-a-model">Testing a model</a></h2>
<p>On the page of a model, drop any sound file, or choose a held-out sound of its dataset. The reconstruction
appears below with its differences in level and spectrum, and can be downloaded. Files of any length and format
work; they are converted to the model&#39;s sample rate.</p>
<pre tabindex="0"><code>maquette reconstruct MODEL voice.wav -o voice-as-strings.wav</code></pre>
<p>Things to try:</p>
<ul>
<li>a sound like those in the dataset: it should come back almost unchanged;</li>
<li>a different sound, such as your voice: this is where the character of the model shows;</li>
<li>silence and very quiet sound: some models hum. The augmentation switches <strong>Mute</strong> and <strong>Gain</strong> help.</li>
</ul>
<h2 id="latency-and-receptive-field" tabindex="-1"><a href="#latency-and-receptive-field">Latency and receptive field</a></h2>
<p>The <strong>receptive field</strong> is how far around a moment a model looks to make it. The <strong>latency</strong> is how late sound
comes out when the model is played live. Models with the switch <strong>Causal</strong> do not look ahead and respond much
sooner. Both are shown before you train, and on the page of a model.</p>
<h2 id="latent-variables" tabindex="-1"><a href="#latent-variables">Latent variables</a></h2>
<p>A model describes sound with a few numbers per frame, its latent variables, and makes sound from them. The page
of a model tells how many of them are in use and how many you need for a given fidelity. Scripts can read and
change them:</p>
<pre tabindex="0"><code>maquette encode MODEL voice.wav -o z.npy --mean
maquette decode MODEL z.npy -o back.wav</code></pre>
<p>The files are NumPy arrays of shape <code>[1, latents, frames]</code>.</p>
`;export{e as default};