var e=`<p>A model describes each moment of sound with a few numbers, its latents. The explorer shows where the sounds of its
dataset lie among them, and lets you play in between. Open a model, choose <strong>Play</strong>, then the tab <strong>Explore</strong>.</p>
<h2 id="the-map" tabindex="-1"><a href="#the-map">The map</a></h2>
<p>Each point is a moment of the dataset. Draw the map once; it is kept with the model. At first the two directions that vary
most are shown. A little later, similar sounds are put together, which is easier to read.</p>
<ul>
<li><strong>Hover</strong> to see which sound a point is, when, how loud, and at which pitch.</li>
<li><strong>Click</strong> to hear it: the original, or through the model.</li>
<li><strong>Drag</strong> to play what lies between the points: you hear a mixture of the nearest ones, so you stay close to what the
model knows.</li>
<li>The <strong>ring</strong> shows what sounds now. Sing, and see where your voice is.</li>
</ul>
<p>Colours tell the file, the loudness, the pitch or the time. The wheel zooms; <code>Shift</code> and dragging moves the map.</p>
<div class="table" role="group" tabindex="0" aria-label="The map"><table><thead><tr><th scope="col">Key</th><th scope="col">On the map</th></tr></thead><tbody><tr><td>arrows, with <code>Shift</code></td><td>move a little, more</td></tr><tr><td><code>Home</code></td><td>to the middle</td></tr><tr><td><code>Enter</code></td><td>hear the nearest sound</td></tr><tr><td><code>+</code>, <code>-</code>, <code>0</code></td><td>zoom in, out, show all</td></tr></tbody></table></div>
<h2 id="pad-and-directions" tabindex="-1"><a href="#pad-and-directions">Pad and directions</a></h2>
<p>The <strong>pad</strong> moves two directions at once; the glow behind it is where the dataset is. The <strong>sliders</strong> move one direction
each, those that vary most first. The shape behind a slider shows how often the dataset is there, the green line
where the sound is now. A name such as <em>louder</em> or <em>brighter</em> tells what goes with it. <strong>More</strong> has bias, scale, smoothing and noise of a
direction.</p>
<p><strong>Surprise me</strong> (<code>u</code>) goes somewhere that sounds are. <strong>Random</strong> goes anywhere. <strong>Reset</strong> (<code>0</code>) goes back to the mean.</p>
<h2 id="paths" tabindex="-1"><a href="#paths">Paths</a></h2>
<p>Add the place where you are, go elsewhere, add that too, and <strong>play the path</strong>. Ways are straight, or along a sphere
around the mean, which keeps the character strong halfway. Its speed, also backwards, is on the tab <strong>Play</strong>.</p>
<h2 id="movements" tabindex="-1"><a href="#movements">Movements</a></h2>
<p><strong>Record movement</strong> keeps what you do with map, pad and sliders. <strong>Draw</strong> records one drag from its start to its end. A
movement can be reversed, stretched, saved, and rendered to a WAV file.</p>
<p><strong>Save as .npy</strong> writes a NumPy array of shape <code>[1, directions, frames]</code> in standard deviations, and <strong>Open a .npy
file</strong> reads one that a script made:</p>
<pre tabindex="0"><code>import numpy as np
t = np.linspace(0, 4, 400)
np.save(&quot;circle.npy&quot;, np.stack([2 * np.cos(t), 2 * np.sin(t)])[None].astype(&quot;float32&quot;))</code></pre>
<h2 id="favourites" tabindex="-1"><a href="#favourites">Favourites</a></h2>
<p><strong>Keep this place</strong> gives the place a name and a list to come back to. The loudspeaker plays a short sound of it. Notes of a MIDI keyboard can jump between them.</p>
`;export{e as default};