var e=`<p>A model turns sound into latents, a few slowly changing numbers, and latents into sound. A <strong>prior</strong> learns which
latents follow which. Then it goes on by itself, and the model makes sound of what it comes up with: see
<a href="/help/generate">Let it go on</a> for what to do with it.</p>
<h2 id="train-one" tabindex="-1"><a href="#train-one">Train one</a></h2>
<p>You need a model of sounds in the library. Choose <strong>Train a prior…</strong> on its page, or what to train → <strong>Prior</strong> on
the page of a new run. In a terminal:</p>
<pre tabindex="0"><code>maquette prior train Bells                      # ten minutes, on the dataset that Bells has learnt
maquette prior train Bells --dataset Rain       # on other sounds of the same rate and channels
maquette prior train Bells --preset standard    # an hour
maquette prior list Bells</code></pre>
<p>First the model encodes the sounds. That is done once, and kept in the folder of the run for when it is resumed. Then
the prior learns. Files that were held out from the model&#39;s training are held out here too.</p>
<p><strong>Put the best checkpoint into the library</strong> as you do with other models. A prior belongs to the one model whose latents
it has learnt, to the last bit of its weights, and the library shows it beside that model. If you delete the model, the
prior stays and says which one it misses.</p>
<h2 id="hear-how-it-learns" tabindex="-1"><a href="#hear-how-it-learns">Hear how it learns</a></h2>
<p>The page of the run has sounds from the first minute on:</p>
<ul>
<li><strong>those with an original</strong> begin with a held-out sound as the model reconstructs it; from the middle on, the prior goes on by itself;</li>
<li><strong>the one without</strong> begins from nothing.</li>
</ul>
<h2 id="read-the-score" tabindex="-1"><a href="#read-the-score">Read the score</a></h2>
<p>The score is the <em>negative log-likelihood</em> of held-out latents: what one latent value costs, in nats, if one knows what
the prior knows. Less is better, and it may be negative. Two priors of the same model can be compared by it, whichever
preset they come from; priors of different models cannot.</p>
<p>When the score rises again while the training loss still falls, the prior learns the sounds by heart. More sound
helps most; <strong>dropout</strong> helps too. The checkpoint with the best score is marked and kept anyway.</p>
<h2 id="presets" tabindex="-1"><a href="#presets">Presets</a></h2>
<div class="table" role="group" tabindex="0" aria-label="Presets"><table><thead><tr><th scope="col">Preset</th><th scope="col">What it is</th></tr></thead><tbody><tr><td>Quick</td><td>Ours, for ten minutes on a laptop. Start here.</td></tr><tr><td>Standard</td><td>The same with a wider network that looks further back, for an hour and for more sound.</td></tr><tr><td>Prior v1</td><td>RAVE&#39;s own prior, to go with its other tools. It is large, and made for days on a GPU.</td></tr></tbody></table></div>
<p><strong>Fidelity</strong> decides how much of the latents the prior models. What it leaves out is drawn at random; that is hiss
and texture more than melody.</p>
<h2 id="take-it-along" tabindex="-1"><a href="#take-it-along">Take it along</a></h2>
<p>A module for nn~ can hold a model together with its prior:</p>
<pre tabindex="0"><code>maquette export Bells --to torchscript --streaming --prior &quot;Bells prior&quot; -o bells.ts</code></pre>
<p>In Max or Pure Data, <code>nn~ bells prior</code> then makes latents and takes one signal, the temperature: 0 is as it learnt,
less is tamer, more is bolder. Connect it with <code>nn~ bells decode</code>.</p>
<p>A package for another Maquette can hold both, too, and becomes two models there:</p>
<pre tabindex="0"><code>maquette export Bells --to maq --prior &quot;Bells prior&quot; -o bells.maq</code></pre>
<p>On the page of an export, choose it under <strong>Prior</strong>. A prior by itself leaves as <code>safetensors</code> or as a package, like
every model.</p>
<h2 id="take-one-over" tabindex="-1"><a href="#take-one-over">Take one over</a></h2>
<p>An acids-rave export (<code>.ts</code>) may hold a prior. <code>maquette model add bells.ts</code>, or the page <strong>Import</strong>, makes two models of
it: the model, and its prior beside it.</p>
`;export{e as default};