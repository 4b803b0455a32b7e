var e=`<p>Import brings in what you already have. It shows what was found and what it will become before anything is
copied. Your own files stay as they are.</p>
<h2 id="what-can-be-imported" tabindex="-1"><a href="#what-can-be-imported">What can be imported</a></h2>
<div class="table" role="group" tabindex="0" aria-label="What can be imported"><table><thead><tr><th scope="col">What you have</th><th scope="col">What it becomes</th></tr></thead><tbody><tr><td>a run of acids-rave (a folder with <code>config.gin</code>)</td><td>a run with curves, sounds and checkpoints; training can go on from the last one</td></tr><tr><td>a preprocessed dataset of acids-rave (<code>data.mdb</code>, <code>metadata.yaml</code>)</td><td>a dataset</td></tr><tr><td>a <code>.ckpt</code> or <code>.pt</code> file</td><td>a model</td></tr><tr><td>a <code>.ts</code> export of acids-rave</td><td>a model to play, not to train further</td></tr><tr><td>a package (<code>.maq</code>) or <code>.safetensors</code> file of Maquette</td><td>a model</td></tr><tr><td>a dataset, run or model folder of another workspace</td><td>the same in this one</td></tr></tbody></table></div>
<p>A folder above several of these works too: everything in it is found, up to eight folders deep.</p>
<h2 id="how-to-import" tabindex="-1"><a href="#how-to-import">How to import</a></h2>
<ol>
<li>Choose <strong>Import</strong>.</li>
<li>Choose the folder, or a single file in it.</li>
<li>Check what was found, and deselect what you do not want. Notes tell what cannot be taken along. A
prior in an export becomes a model of its own.</li>
<li>Choose <strong>Import</strong>. Copying runs in the background.</li>
</ol>
<pre tabindex="0"><code>maquette import ~/rave --dry-run
maquette import ~/rave/runs/strings
maquette model add ~/rave/strings.ts</code></pre>
<h2 id="going-on-with-a-run" tabindex="-1"><a href="#going-on-with-a-run">Going on with a run</a></h2>
<p>An imported run needs a dataset to train on, and the files of acids-rave do not say which one it was. Maquette
uses the dataset of the same import that fits; otherwise the only one in your library with the same sample rate
and channels. So import run and dataset together, or create the dataset first.</p>
<h2 id="is-it-safe" tabindex="-1"><a href="#is-it-safe">Is it safe</a></h2>
<p>Model files from the internet can contain programs. Maquette reads them as data only, within limits, and never
runs code from them. Files that are damaged, or that are something else, are refused with the reason.</p>
<h2 id="moving-to-another-computer" tabindex="-1"><a href="#moving-to-another-computer">Moving to another computer</a></h2>
<p>To move everything, close Maquette and copy the workspace folder. To move one project, export its
<a href="/help/projects#archives">archive</a>. To move a single dataset, run or model, import its folder from a copy of the
other workspace. To pass a model on to somebody, export a package (<code>.maq</code>).</p>
`;export{e as default};