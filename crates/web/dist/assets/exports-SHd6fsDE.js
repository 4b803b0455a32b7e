var e=`<p>An export is a model in the form that another program needs. Every export is read again and compared with the
model before it counts as done.</p>
<h2 id="which-form" tabindex="-1"><a href="#which-form">Which form</a></h2>
<p>Choose <strong>Export…</strong> on the page of a model. The form asks where you will use it, and chooses the rest.</p>
<div class="table" role="group" tabindex="0" aria-label="Which form"><table><thead><tr><th scope="col">Where you will use it</th><th scope="col">Form</th></tr></thead><tbody><tr><td>Max or Pure Data (nn~), the RAVE VST, anything that loads TorchScript</td><td><code>.ts</code></td></tr><tr><td>your own code, or a browser</td><td><code>.onnx</code>: the whole model, encoder, decoder</td></tr><tr><td>another Maquette</td><td><code>.maq</code>, a package with sounds, license and history</td></tr><tr><td>your own programs in PyTorch or other frameworks</td><td><code>.safetensors</code></td></tr><tr><td>acids-rave, to train further</td><td>a run with <code>config.gin</code> and a <code>.ckpt</code></td></tr></tbody></table></div>
<pre tabindex="0"><code>maquette export MODEL --to torchscript --streaming -o strings.ts</code></pre>
<h2 id="live-or-whole" tabindex="-1"><a href="#live-or-whole">Live or whole</a></h2>
<p><strong>Streaming</strong> exports play block by block, and remember the end of each block so that blocks join without
clicks. Choose this for Max, Pure Data and everything else that plays live. Exports for <strong>whole sounds</strong> take a
sound from start to end; choose this for scripts that process files.</p>
<h2 id="fewer-latent-variables" tabindex="-1"><a href="#fewer-latent-variables">Fewer latent variables</a></h2>
<p>A model may have 128 latent variables of which a dozen matter. An export can show only those that matter most,
by number or by the share of variation that they keep. That makes an <code>nn~</code> object with a manageable number of
inlets. It works for variational models, once they were measured on held-out sounds, which every run does while
it trains.</p>
<h2 id="in-max-and-pure-data" tabindex="-1"><a href="#in-max-and-pure-data">In Max and Pure Data</a></h2>
<ol>
<li>Install <code>nn~</code>, from the project nn_tilde.</li>
<li>Copy the <code>.ts</code> file into a folder that Max or Pd searches.</li>
<li>Create an object: <code>nn~ NAME forward</code> sends sound through the model, <code>nn~ NAME encode</code> gives latent variables,
<code>nn~ NAME decode</code> makes sound from them.</li>
<li>Messages: <code>set deterministic 0</code> draws latents at random, <code>set noise 0</code> turns the noise synthesiser off.</li>
</ol>
<p>If the sound comes out at the wrong pitch, the sample rate of Max or Pd differs from the model&#39;s: change it
there, or export with another <strong>host sample rate</strong>.</p>
<h2 id="in-a-daw" tabindex="-1"><a href="#in-a-daw">In a DAW</a></h2>
<p>The RAVE VST loads the same <code>.ts</code> files: import the file in its model explorer.</p>
<h2 id="sharing-a-model" tabindex="-1"><a href="#sharing-a-model">Sharing a model</a></h2>
<p>A package (<code>.maq</code>) is one file with everything that another Maquette needs: weights, a card with your name, the
license and what the model was trained on, and some sounds. Please make sure that you have the right to share a
model of recordings by others.</p>
<h2 id="the-list-of-exports" tabindex="-1"><a href="#the-list-of-exports">The list of exports</a></h2>
<p><strong>Exports</strong> keeps what you made, with its size, speed and latency. It marks an export as outdated when its run
has trained further since; the page of the export can then make a new one from the newest checkpoint.</p>
<p>To find out whether a file is complete and plays what a model plays:</p>
<pre tabindex="0"><code>maquette check strings.ts --against MODEL</code></pre>
<p>Shapes, attributes and metadata of every form are in <code>docs/exports.md</code> of the project.</p>
`;export{e as default};