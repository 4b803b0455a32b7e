var e=`<p>A model learns to recreate the sounds that you give it. Once it is trained, you can send any other sound through
it and hear that sound in the voice of your recordings. Everything happens on your computer; nothing is
uploaded.</p>
<h2 id="your-first-model" tabindex="-1"><a href="#your-first-model">Your first model</a></h2>
<p>You do not need recordings of your own to try it out.</p>
<ol>
<li>On the dashboard, choose <strong>Use the sample sounds</strong>, then <strong>Create dataset</strong>. Preparing it takes a few
seconds.</li>
<li>On the dataset&#39;s page, choose <strong>Train a model</strong>. The preset Sketch is already selected; it is made for a
first try on a laptop.</li>
<li>Set <strong>Stop automatically</strong> to a few minutes, or leave it at ten, and choose <strong>Start training</strong>.</li>
<li>Watch the page of the run. After some seconds you can play the first reconstruction next to its original. It
is noise at first and becomes recognisable within a few minutes.</li>
<li>When it sounds good enough, choose <strong>Add to library</strong>. The model now has a page of its own.</li>
<li>Drop any sound file on that page to hear what the model makes of it.</li>
</ol>
<p>You can leave the page, or close the browser, while a model trains. Training goes on until it reaches its limit
or you stop it.</p>
<h2 id="four-words-to-know" tabindex="-1"><a href="#four-words-to-know">Four words to know</a></h2>
<div class="table" role="group" tabindex="0" aria-label="Four words to know"><table><thead><tr><th scope="col">Word</th><th scope="col">What it is</th></tr></thead><tbody><tr><td>dataset</td><td>Your recordings, converted to one sample rate and ready for training. Your own files stay as they are.</td></tr><tr><td>run</td><td>One training of one model on one dataset, with its curves, sounds and checkpoints.</td></tr><tr><td>checkpoint</td><td>The state of a run at one step. A run can resume from its newest one.</td></tr><tr><td>model</td><td>A checkpoint that you kept in the library, to listen to, test and export.</td></tr></tbody></table></div>
<h2 id="the-same-on-the-command-line" tabindex="-1"><a href="#the-same-on-the-command-line">The same on the command line</a></h2>
<p>Everything that the pages do is also a command. This prepares a folder, trains for ten minutes, keeps the best
checkpoint and reconstructs a sound that the model has not heard:</p>
<pre tabindex="0"><code>maquette quickstart ~/recordings --minutes 10</code></pre>
<p>Leave out the folder to use the sample sounds. <code>maquette help</code> lists all commands, and <code>--json</code> makes any of
them print JSON for scripts. If the studio is open in your browser, it shows what commands do while they do it.</p>
<h2 id="where-your-files-are" tabindex="-1"><a href="#where-your-files-are">Where your files are</a></h2>
<p>Everything is in one folder, the workspace: <code>Maquette</code> in your home folder, unless you start the program with
<code>--workspace FOLDER</code>. To back up your work, copy that folder. To move it, close Maquette first. Settings shows
where it is and what this computer has.</p>
<h2 id="getting-around" tabindex="-1"><a href="#getting-around">Getting around</a></h2>
<ul>
<li><code>Ctrl K</code> (<code>⌘ K</code> on a Mac) opens the command palette: type part of a name to reach any page, dataset, run,
model or part of this guide.</li>
<li><code>?</code> opens help for the page you are on, and its keyboard shortcuts.</li>
<li><code>/</code> goes to the search field of a list. <code>g</code> followed by a letter goes to a page, for example <code>g d</code> to the
datasets.</li>
<li>Next to each setting, a question mark tells what it does, its range and its default.</li>
<li><code>Ctrl Z</code> undoes the last deletion. Deleted things stay in the <a href="/help/troubleshooting#trash">trash</a> for 30 days.</li>
</ul>
`;export{e as default};