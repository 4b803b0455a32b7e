var e={"first-steps":`<p>A model learns to recreate the sounds that you give it. Once it is trained, you can send any other sound through
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
`,datasets:`<p>A dataset holds your recordings in the form that training needs: one sample rate, mono or stereo, with a few
files set aside for validation. Creating one never changes your own files.</p>
<h2 id="which-recordings-work" tabindex="-1"><a href="#which-recordings-work">Which recordings work</a></h2>
<ul>
<li><strong>Formats</strong>: WAV, AIFF, FLAC, MP3, OGG Vorbis, M4A and AAC, at any sample rate and bit depth.</li>
<li><strong>Amount</strong>: a few minutes of one kind of sound are enough to try things out. For a model that copes with new
material, aim for half an hour to several hours.</li>
<li><strong>Variety</strong>: a model can only make what it has heard. Include the pitches, levels and articulations that you
want to play, and leave out what you do not want, such as talking between takes or clicks.</li>
<li><strong>Consistency</strong>: one instrument, voice or texture gives a clearer model than a mixture of everything.</li>
<li><strong>Length of files</strong>: any. Long recordings need not be cut; short ones are used whole.</li>
</ul>
<h2 id="creating-one" tabindex="-1"><a href="#creating-one">Creating one</a></h2>
<p>Choose <strong>Datasets</strong>, then <strong>New dataset</strong>, and say where the sounds are:</p>
<ul>
<li><strong>Folder on this computer</strong>. Sub-folders are included; hidden files and folders, and those in the trash of
your system, are not.</li>
<li><strong>Drop or choose files</strong>. They are copied into the workspace.</li>
<li><strong>Sample sounds</strong>: about a minute of strings, bells, voices and noise for a first try.</li>
</ul>
<p>Then choose <strong>Create dataset</strong>. Unreadable files are listed with the reason and skipped; the others are used.
Preparing runs in the background and can be cancelled.</p>
<pre tabindex="0"><code>maquette dataset create ~/recordings --name strings</code></pre>
<p>A text file of the same name beside a sound, such as <code>kick.txt</code> beside <code>kick.wav</code>, says in words what it is. It is kept
with the sound, and adapters of models that make sound from words learn it.</p>
<h2 id="settings" tabindex="-1"><a href="#settings">Settings</a></h2>
<div class="table" role="group" tabindex="0" aria-label="Settings"><table><thead><tr><th scope="col">Setting</th><th scope="col">When to change it</th></tr></thead><tbody><tr><td>Sample rate</td><td>44,100 Hz keeps everything people can hear. A lower rate trains faster and sounds duller.</td></tr><tr><td>Channels</td><td>Mono trains about twice as fast. Choose stereo only if left and right matter.</td></tr><tr><td>Held-out share</td><td>The share of files set aside to measure the model. The default suits almost every dataset.</td></tr><tr><td>Random seed</td><td>Picks which files are set aside. The same seed always picks the same files.</td></tr></tbody></table></div>
<p>The model takes its sample rate and channels from the dataset, so they can only be changed by creating another
dataset.</p>
<h2 id="held-out-sounds" tabindex="-1"><a href="#held-out-sounds">Held-out sounds</a></h2>
<p>Some files are held out for validation: the model never trains on them. Reconstructions of these show what it
has really learned rather than memorised, and the <strong>validation distance</strong> of a run is measured on them. Small
datasets hold out up to three files, as long as that is no more than a fifth of them. If there is only one file,
its last tenth is held out.</p>
<h2 id="duplicates" tabindex="-1"><a href="#duplicates">Duplicates</a></h2>
<p>If a sound is in the dataset twice, and one copy is used for training while the other is held out, the
validation distance looks better than it is. So Maquette compares files by content and by ear: exact copies, and
the same sound in another format or at another level. They stay together, either all in training or all held
out, and the page of the dataset lists them. You do not have to remove them, but a sound that is there ten times
also counts ten times in training.</p>
<h2 id="looking-at-a-dataset" tabindex="-1"><a href="#looking-at-a-dataset">Looking at a dataset</a></h2>
<p>The page of a dataset shows how much sound there is, every file with its waveform, level and use, what was
skipped, and which runs were trained on it. Choose a file to play it and see its spectrogram. The list can be
filtered, for example by <code>split:held</code> or <code>length&lt;1</code>.</p>
<h2 id="deleting-and-renaming" tabindex="-1"><a href="#deleting-and-renaming">Deleting and renaming</a></h2>
<p>Click the name at the top of the page to rename a dataset. Deleting one moves it to the
<a href="/help/troubleshooting#trash">trash</a>. Runs and models that were trained on it stay, and keep its name; but a run
needs its dataset to resume.</p>
`,training:`<p>A run trains a model on a dataset. You can stop it at any time, resume it exactly where it was, and listen to it
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
`,agents:`<p>An agent is a small neural network that learns a game from nothing but its score. Maquette has nine games, films
every agent while it learns, and needs no dataset for it.</p>
<h2 id="start" tabindex="-1"><a href="#start">Start</a></h2>
<p>On the dashboard, choose <strong>Watch an agent learn</strong>. Or choose <strong>Games</strong> in the menu and <strong>Train an agent</strong> at one
of the games. A training of about ten minutes begins, and its page opens.</p>
<p>The arrow beside the button offers longer trainings. <strong>More settings…</strong> opens the form of a new run with the
game chosen.</p>
<div class="table" role="group" tabindex="0" aria-label="Start"><table><thead><tr><th scope="col">Preset</th><th scope="col">Use it for</th></tr></thead><tbody><tr><td>Quick</td><td>A first look: ten minutes on a laptop.</td></tr><tr><td>Standard</td><td>An hour. A larger network that goes on learning where Quick ends.</td></tr><tr><td>Epic</td><td>Four or ten hours, for the best play and the longest film.</td></tr><tr><td>As in the literature</td><td>The settings of published experiments, to compare with. Those that see only the screen take a night.</td></tr></tbody></table></div>
<p>On the command line:</p>
<pre tabindex="0"><code>maquette train --family agent --preset quick --set game=snake --follow</code></pre>
<h2 id="watch" tabindex="-1"><a href="#watch">Watch</a></h2>
<p>The first film appears a few seconds after the start and shows random play. Another one follows at each tenth of
the training. All of them play the same episode, so you can see what was learnt in between. Choose a tile under
<strong>Milestones</strong> to watch it.</p>
<p>The scale under <strong>How well it plays</strong> compares the agent with random play, a person and a scripted player. What
a person reaches is an estimate; the other two were measured.</p>
<h2 id="read-the-curves" tabindex="-1"><a href="#read-the-curves">Read the curves</a></h2>
<ul>
<li><strong>Score per episode</strong> should rise, in steps more often than steadily. The measured score comes from games
played only for that purpose, so it is the one to trust.</li>
<li><strong>Length of an episode</strong> rises with the score where surviving counts, and falls where speed does.</li>
<li><strong>Entropy loss</strong> starts far below 0, when every action is as likely as any other, and comes closer to 0 as the
agent decides. If it gets there while the score is low, the agent has settled too early.</li>
<li><strong>Explained variance</strong> says how well the agent foresees its score. It should get close to 1.</li>
<li><strong>Change of the policy per update</strong> should stay small, mostly below 0.05.</li>
</ul>
<p>The other curves have the names of Stable-Baselines3 in the files that are written for TensorBoard.</p>
<h2 id="films" tabindex="-1"><a href="#films">Films</a></h2>
<p><strong>Videos</strong> has all films. A number in the menu says how many are new. You can search them, mark favourites, and
download or delete several at once. The page of a film has its chapters, and a title and description to paste
where you publish it.</p>
<p><strong>Make a film</strong> renders a recorded episode again: in another size, upright for Shorts, with the learning curve,
or with what the network sees and does. <strong>Whole training</strong> joins all milestones to one film. Films are made from
recorded actions, so they cost the training almost nothing.</p>
<h2 id="settings-worth-trying" tabindex="-1"><a href="#settings-worth-trying">Settings worth trying</a></h2>
<ol>
<li><strong>Game</strong>: CartPole takes a minute, Brick some minutes, Snake, Invaders and Maze much longer. MountainCar has a
preset of its own: its car must go back before it can go up, which PPO hardly finds out.</li>
<li><strong>Opponent</strong>, in Rally: an easy one is beaten sooner, a hard one teaches more.</li>
<li><strong>Learning rate</strong>: half of it if the score rises and then collapses.</li>
<li><strong>Entropy weight</strong>: double it if the agent settles too early on the same few actions.</li>
<li><strong>Discount</strong>: 0.995 or more where a reward comes long after the action that earned it.</li>
<li><strong>Algorithm</strong>: PPO plays many games at once and is the better choice on most computers. DQN learns more from
each step, and is slower.</li>
</ol>
<h2 id="when-it-does-not-learn" tabindex="-1"><a href="#when-it-does-not-learn">When it does not learn</a></h2>
<ul>
<li>The score is that of random play after ten minutes: some games need longer. Choose <strong>Continue for another
hour</strong>.</li>
<li>The score rose and fell again: lower the learning rate. The best checkpoint is kept.</li>
<li>It plays the same move all the time: raise the entropy weight, or start again with another random seed.</li>
<li>It is slow: close other programs, and let it see <strong>planes</strong>, not the screen.</li>
</ul>
<p>Two runs with different seeds can end far apart. Train a second one before you draw conclusions about a setting.</p>
`,listening:`<p>Numbers only tell part of the truth. Maquette lets you compare what goes into a model with what comes out,
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
`,play:`<p>A model of sound is an instrument. Sing into it, send recordings through it, or move through what it has learned, and
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
`,explore:`<p>A model describes each moment of sound with a few numbers, its latents. The explorer shows where the sounds of its
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
`,generate:`<p>A trained model can make sounds by itself. You choose where they come from, let it make some, keep those that you
like, and find them again with how they were made. <strong>Create</strong> in the menu has all of it; <code>g</code> <code>c</code> opens it.</p>
<h2 id="generate" tabindex="-1"><a href="#generate">Generate</a></h2>
<p>Choose <strong>Create</strong>, then <strong>Generate</strong>. Five sources are there:</p>
<div class="table" role="group" tabindex="0" aria-label="Generate"><table><thead><tr><th scope="col">Source</th><th scope="col">What it does</th></tr></thead><tbody><tr><td>A prior</td><td>It has learnt what usually follows what, and makes up more of it. <a href="/help/priors">Train a prior</a> says how.</td></tr><tr><td>A random walk</td><td>It wanders through the latents and stays where sounds lie. No prior is needed.</td></tr><tr><td>A path</td><td>From point to point: favourites that you kept while exploring, sounds of the dataset, or points at random.</td></tr><tr><td>A sound, continued</td><td>A prior hears the start of a recording and goes on.</td></tr><tr><td>Variations</td><td>The recipe of a sound that you kept, which drifts a little each time.</td></tr></tbody></table></div>
<p><strong>Speed</strong> and <strong>range</strong> of a walk decide most: slow and near the mean gives pads, fast and far out gives surprises,
some of them unpleasant. <strong>Temperature</strong> is how bold a prior is: 0 always takes what is likeliest, 1 is as bold as
what it learnt.</p>
<p><strong>Seed</strong> decides every random number. The same recipe with the same seed gives the same samples again, at any time.
The dice choose another one.</p>
<p><strong>Loudness</strong> brings each sound to a level: −14 LUFS as streaming services do, −16 for podcasts, −23 for
broadcasting. Peaks stay below full scale, so a sound with high peaks may stay quieter than that.</p>
<h2 id="sort-out-by-ear" tabindex="-1"><a href="#sort-out-by-ear">Sort out by ear</a></h2>
<p>Sounds appear as they are made. With the first one in focus, no mouse is needed:</p>
<div class="table" role="group" tabindex="0" aria-label="Sort out by ear"><table><thead><tr><th scope="col">Key</th><th scope="col">Does</th></tr></thead><tbody><tr><td>arrows</td><td>go to another sound and play it</td></tr><tr><td>Space</td><td>plays and stops</td></tr><tr><td>K</td><td>keeps it</td></tr><tr><td>X or Delete</td><td>throws it away; <strong>Undo</strong> brings it back for ten seconds</td></tr><tr><td>F</td><td>keeps it as a favourite</td></tr><tr><td>V</td><td>makes variations of it</td></tr><tr><td>R</td><td>shows its recipe</td></tr><tr><td>T, or Shift and arrows</td><td>select several; K and X then mean all of them</td></tr><tr><td>Enter</td><td>opens it</td></tr></tbody></table></div>
<p><strong>Keep all</strong> and <strong>Throw away the rest</strong> finish the job. <strong>Others like these</strong> makes as many again with another
seed. What was thrown away is deleted from the disk; kept sounds are copies of their own.</p>
<h2 id="presets" tabindex="-1"><a href="#presets">Presets</a></h2>
<p><strong>Save as a preset</strong> keeps all that the form says under a name. Any sound can be one, too: <strong>Use as a preset</strong> on its
page opens the form as it was when the sound was made.</p>
<h2 id="style-recordings-through-a-model" tabindex="-1"><a href="#style-recordings-through-a-model">Style: recordings through a model</a></h2>
<p><strong>Style</strong> sends recordings through a model: files that you drop, sounds of a dataset, kept sounds, or a whole folder
of this computer with its sub-folders.</p>
<ol>
<li>Choose what comes in, and the model. Several models can be morphed, each with a weight.</li>
<li><strong>Amount</strong> mixes the original with the model. <strong>Follow loudness</strong> gives the result the loudness of the original
from moment to moment.</li>
<li><strong>Bring the pitch into the model&#39;s range</strong> transposes what comes in to where the model has learnt, and back
afterwards.</li>
<li><strong>Preview</strong> makes the first eight seconds of one sound. Press A and B to compare: both run in sync.</li>
<li><strong>Send through</strong> makes all of them.</li>
</ol>
<p>Files that cannot be read are named, and the others are made. Every result is listed beside its original, to
compare, to download and to keep; <strong>Open folder</strong> shows the files.</p>
<p>On the command line, a hundred files at once:</p>
<pre tabindex="0"><code>maquette style MODEL recordings/ -o processed/
maquette generate MODEL --walk --seed 3 --seconds 8 --count 20 -o sounds/</code></pre>
<h2 id="the-gallery" tabindex="-1"><a href="#the-gallery">The gallery</a></h2>
<p><strong>Create</strong> shows every sound that was kept, and recordings of live play. Search by name, tag or model; a star marks
favourites. Each sound says in one sentence how it was made, and its page shows the whole recipe, the models and their
checksums.</p>
<ul>
<li><strong>Make it again</strong> follows the recipe once more and says whether every sample is the same.</li>
<li><strong>Variations of it</strong> makes twelve that drift from it.</li>
<li><strong>Open in the explorer</strong> plays its model live, with the recipe&#39;s controls.</li>
</ul>
<p>Below them are <strong>recipes to try</strong>. They come with Maquette and hold no sounds: each is made with a model of yours.</p>
<h2 id="when-it-sounds-wrong" tabindex="-1"><a href="#when-it-sounds-wrong">When it sounds wrong</a></h2>
<ul>
<li><strong>Noise, or a hum that never changes</strong>: the model has trained too little, or the walk goes too far out. Try a
range below 1.</li>
<li><strong>Everything sounds the same</strong>: raise the range, or the scale under <strong>All controls</strong>.</li>
<li><strong>It came out differently</strong>: a model in the recipe was replaced or deleted, or another version of Maquette made the
sound. The page says which.</li>
</ul>
`,priors:`<p>A model turns sound into latents, a few slowly changing numbers, and latents into sound. A <strong>prior</strong> learns which
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
`,words:`<p>Say what you want to hear, and get it. The models that do this were trained by others on very many sounds, so their
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
`,library:`<p>The library holds your own sounds, and finds out what is in them: tempo, beats, key, chords, sections, loudness and
faults. You search by that, correct what is wrong, and take it to other programs.</p>
<h2 id="adding-sounds" tabindex="-1"><a href="#adding-sounds">Adding sounds</a></h2>
<p>Open <strong>Library</strong> and drop sounds or whole folders on the page: the workspace keeps a copy of them. Or choose <strong>Watch a
folder where it is</strong>: nothing is copied, moved or changed. New and changed files in it are found whenever you open the
page, and <strong>Look again</strong> in the folder&#39;s menu does it at once. Sounds that you generated or recorded are in the library, too.</p>
<p>Every sound is then analysed, a few at a time; you can go on working meanwhile. <strong>Stop</strong> keeps what was found so far, and
<strong>Resume</strong> goes on from there. A file that cannot be read is named with the reason, and does not hold up the others.</p>
<p>What was found is kept by the content of a file. A file that you rename, move or add again is known at once, with its
rating, tags and corrections; a copy of it has them, too.</p>
<h2 id="missing-files" tabindex="-1"><a href="#missing-files">Missing files</a></h2>
<p>A file of a watched folder that is gone is marked <strong>Missing</strong>, and so is everything in a folder on a disk that is not
plugged in. Nothing is forgotten: once the file is back, so is the sound. <code>is:missing</code> lists them; <strong>Remove from library</strong>
forgets one for good.</p>
<p><strong>Remove from library</strong> never deletes a file. A folder of dropped sounds goes to the trash as a whole and stays there for
30 days.</p>
<h2 id="searching" tabindex="-1"><a href="#searching">Searching</a></h2>
<p>Type words, fields, or both; a sound has to match all of them. A dash before one turns it around, quotation marks keep
spaces together.</p>
<div class="table" role="group" tabindex="0" aria-label="Searching"><table><thead><tr><th scope="col">Type</th><th scope="col">To find</th></tr></thead><tbody><tr><td><code>warm pad</code></td><td>sounds with both words in name, folder, tags or description</td></tr><tr><td><code>key:Am</code>, <code>key:&quot;F# minor&quot;</code>, <code>key:minor</code></td><td>a key, or a mode; <code>C#</code> and <code>Db</code> are the same</td></tr><tr><td><code>tempo:118..124</code>, <code>tempo&gt;140</code></td><td>beats per minute</td></tr><tr><td><code>len&lt;8</code>, <code>len&gt;=1:30</code></td><td>length in seconds, or minutes and seconds</td></tr><tr><td><code>lufs&gt;-20</code>, <code>peak&gt;-1</code></td><td>loudness in LUFS, true peak in dB</td></tr><tr><td><code>rating&gt;=3</code></td><td>your rating</td></tr><tr><td><code>tag:drums</code>, <code>collection:&quot;Live set&quot;</code></td><td>your tags and collections</td></tr><tr><td><code>folder:loops</code>, <code>format:flac</code></td><td>where it is, and what file it is</td></tr><tr><td><code>meter:3/4</code>, <code>word:bright</code></td><td>meter, and words that describe it</td></tr><tr><td><code>finding:clipping</code>, <code>finding:any</code></td><td>faults</td></tr><tr><td><code>rate&gt;=48000</code>, <code>channels:2</code></td><td>sampling rate and channels</td></tr><tr><td><code>is:missing</code>, <code>is:new</code>, <code>is:failed</code></td><td>files that are gone, not analysed yet, or could not be</td></tr><tr><td><code>is:edited</code>, <code>is:made</code></td><td>what you corrected, and what was made here</td></tr><tr><td><code>is:outdated</code></td><td>what an earlier version analysed, which found less</td></tr><tr><td><code>kind:sound</code>, <code>kind:midi</code>, <code>kind:film</code></td><td>sounds, MIDI files, or the films of game agents, which play in the list; of films, words, <code>len</code> and <code>format</code> are searched</td></tr><tr><td><code>like:kick-3f9a2c</code></td><td>all sounds, those that are most similar to this one first</td></tr></tbody></table></div>
<p>The search and the order are in the address of the page, so you can bookmark them.</p>
<h2 id="similar-sounds" tabindex="-1"><a href="#similar-sounds">Similar sounds</a></h2>
<p>The page of a sound lists <strong>Sounds like this</strong>, each with how similar it is. Play them there, open one, or choose
<strong>More…</strong> for the whole list. <strong>Sounds like this</strong> in the menu of a sound in the list does the same: the search then says
<code>like:</code> with the sound&#39;s identifier, and other fields narrow it, as in <code>like:kick-3f9a2c len&lt;1</code>. The sound that others are
compared with stays above the list, so that you can play it in between.</p>
<p>What counts is how it sounds: its colour and how that changes, how bright, noisy and dynamic it is, how fast it rises, how
busy and how long it is. Pitch, key and tempo do not count; <code>key:</code> and <code>tempo:</code> add them. The figure compares sounds by
one measure everywhere: 100 % is the same sound.</p>
<h2 id="several-sounds-at-once" tabindex="-1"><a href="#several-sounds-at-once">Several sounds at once</a></h2>
<p>Tick the boxes, click with <code>Ctrl</code> or <code>Shift</code>, or use keys: <code>T</code> or <code>Ctrl+Space</code> selects a sound, <code>Shift</code> with the arrows
selects on the way, <code>Ctrl+A</code> selects all (500 at most), <code>Esc</code> selects none. The bar above the list then rates, tags,
collects, analyses, converts or removes all of them; one <code>Ctrl+Z</code> takes it back.</p>
<h2 id="listening" tabindex="-1"><a href="#listening">Listening</a></h2>
<p><code>Space</code> plays the selected sound; when it ends, the player goes on to the next one of the list. <code>0</code> to <code>5</code> rate it, <code>Enter</code>
opens it, and the arrows move.</p>
<p>Browsers play WAV, FLAC, MP3, Ogg and M4A. Other formats, such as AIFF, are analysed and searched, but not every browser
plays them.</p>
<h2 id="correcting-what-was-found" tabindex="-1"><a href="#correcting-what-was-found">Correcting what was found</a></h2>
<p>The page of a sound draws beats, chords, sections, phrases and the melody, if one was found, over its waveform; each
can be switched off. Beats that begin a bar are stronger. Click to move
the playhead, drag to loop a part, <code>Ctrl</code> and the mouse wheel to zoom.</p>
<p>The tempo of a loop may be found at half or twice of what you would count: <strong>Halve tempo</strong> and <strong>Double tempo</strong> set it
right with one click, and the beats go with it. You can also type the tempo. Single beats are selected by a click and
moved, removed, or made the first of a bar; chords and sections are renamed, cut in two and joined in their tables,
phrases are cut, begun, joined and removed, and their times are typed.</p>
<p><strong>Notes of the melody</strong> opens an editor over the waveform, the same as that of <a href="/help/notes#edit-notes">MIDI files</a>: move
notes, stretch them, add and remove some, and hear them along with the sound. Its grid is that of the beats, and off at
first, since people seldom play on it. <strong>Bring back the notes that were found</strong> takes back these corrections alone.</p>
<p>On the command line, <code>maquette library notes ID</code> lists the notes as they are corrected, <code>maquette library correct-notes ID FILE</code> takes those of a MIDI file or of the JSON that it prints, and <code>maquette library found-notes ID</code> brings back what
was found. So a melody can be exported as MIDI, put right in a DAW, and taken back.</p>
<p>Every correction can be undone, with <strong>Undo</strong> or <code>Ctrl+Z</code>. Corrections are stored beside what was found, so <strong>Back to what
was found</strong> takes all of them away, and analysing again does not lose them. Searches go by the corrected values.</p>
<h2 id="for-other-programs" tabindex="-1"><a href="#for-other-programs">For other programs</a></h2>
<p><strong>Export what was found</strong> writes, with your corrections: JSON as <code>maquette analyse</code> prints it, a table (CSV), JAMS, labels
for Audacity, the beats or the notes as a layer for Sonic Visualiser, and a MIDI file: laid under the sound in a DAW, its tempo map
puts bars and beats where they are heard, chords and sections are its markers, and the melody is a track of notes where
one was found.</p>
`,memory:`<p>The memory cuts your own sounds into patterns: a drum figure, a chord, a texture, a swell. You find them again by words,
by numbers, and by what they sound like; you rate what you find and correct how it is cut, and both teach it. Nothing
leaves your computer, and your files stay where they are.</p>
<h2 id="adding-sounds-to-it" tabindex="-1"><a href="#adding-sounds-to-it">Adding sounds to it</a></h2>
<p>Open <strong>Memory</strong>, choose a folder with its sub-folders, or one file, and press <strong>Add this folder</strong>; <strong>Add all sounds in the
library</strong> takes all of these. Patterns appear while the job works. <strong>Stop</strong> keeps those that were found so far, and
<strong>Resume</strong> goes on from there. A file that cannot be read is named with the reason.</p>
<p>Under <strong>Tags, lengths, models</strong> you give the new patterns words of your own, such as a genre or a project, set the
shortest and the longest pattern (0.3 to 6 s otherwise), and choose models that listen, too.</p>
<p>Adding a sound again changes nothing: its patterns stay, and follow the sound if it has moved. To have known sounds cut
again, with what your corrections have taught since, choose <strong>Cut known sounds again</strong>. What you corrected or rated stays
in any case.</p>
<h2 id="what-a-pattern-has" tabindex="-1"><a href="#what-a-pattern-has">What a pattern has</a></h2>
<div class="table" role="group" tabindex="0" aria-label="What a pattern has"><table><thead><tr><th scope="col">It has</th><th scope="col">That is</th></tr></thead><tbody><tr><td>start, end</td><td>where it lies in its sound</td></tr><tr><td>frequencies</td><td>the range in which nine tenths of its power lie, or the one that you set</td></tr><tr><td>kind</td><td>rhythmic, harmonic, granular, stochastic, spectral, atmospheric or textural, or a word of yours</td></tr><tr><td>how sure</td><td>of its ends: the share of other ways to cut that set both of them there; of its kind: the share of its parts that are of that kind by themselves</td></tr><tr><td>facts</td><td>length, tempo if there is a beat, brightness (the centre of its spectrum), attacks a second, level</td></tr><tr><td>words</td><td>such as <em>bright</em>, <em>dark</em>, <em>metallic</em>, <em>warm</em>, <em>short</em>, <em>moving</em></td></tr><tr><td>tags</td><td>words of your own</td></tr></tbody></table></div>
<div class="table" role="group" tabindex="0" aria-label="What a pattern has"><table><thead><tr><th scope="col">Kind</th><th scope="col">When</th></tr></thead><tbody><tr><td>rhythmic</td><td>four attacks or more that repeat</td></tr><tr><td>granular</td><td>many short events without a beat</td></tr><tr><td>harmonic</td><td>tones stand out</td></tr><tr><td>stochastic</td><td>noise that stays as it is</td></tr><tr><td>atmospheric</td><td>long and held, without a sudden attack</td></tr><tr><td>spectral</td><td>its spectrum moves</td></tr><tr><td>textural</td><td>none of the others stands out</td></tr></tbody></table></div>
<h2 id="finding-by-words-and-numbers" tabindex="-1"><a href="#finding-by-words-and-numbers">Finding by words and numbers</a></h2>
<p>Write what you look for, with commas between the parts: <code>metallic, under 2 s, around 120 bpm</code>. A number with a unit must
hold. Of the other words one must fit, and patterns that fit more of them come first; a word may be a kind, a tag, one of
the words of a pattern, or part of the name of its sound.</p>
<div class="table" role="group" tabindex="0" aria-label="Finding by words and numbers"><table><thead><tr><th scope="col">Write</th><th scope="col">To find</th></tr></thead><tbody><tr><td><code>metallic</code>, <code>rhythmic</code>, <code>techno</code></td><td>a word, a kind, a tag</td></tr><tr><td><code>&quot;live set&quot;</code></td><td>a word, kind or tag that must fit, whole</td></tr><tr><td><code>not bright</code>, <code>without drums</code></td><td>what does not have it</td></tr><tr><td><code>under 2 s</code>, <code>over 500 ms</code>, <code>1 to 3 s</code></td><td>a length</td></tr><tr><td><code>around 120 bpm</code>, <code>between 90 and 100 bpm</code></td><td>a tempo; <em>around</em> reaches 10 % up and down</td></tr><tr><td><code>above 2 khz</code>, <code>under 400 hz</code></td><td>a brightness</td></tr><tr><td><code>under -20 db</code></td><td>a level</td></tr></tbody></table></div>
<p><strong>Kind</strong> and <strong>Tag</strong> put a word into the search. Each result says why it was found. The search is in the address of the
page, so you can bookmark it. Without a search all patterns are listed.</p>
<h2 id="finding-by-a-sound" tabindex="-1"><a href="#finding-by-a-sound">Finding by a sound</a></h2>
<p><strong>Like this</strong> finds what sounds like a pattern. <strong>More</strong> and <strong>Less</strong> refine: the search moves towards some patterns and away
from others. Words and numbers still narrow what is found. <strong>Find by a sound</strong> does the same with a file of your computer
or a sound of the library, or with a part of one.</p>
<p>Patterns are compared in a space, in which each is a point and near points are similar sounds. Ours, <code>dsp</code>, goes by what
is measured: colour, movement, rhythm, brightness. A RAVE model of yours gives another by its latents. A
CLAP model, which you add as <a href="/help/words">weights of others</a>, gives one that reads words, too: then <strong>Describe it</strong> takes any
description, such as <em>rain on a tin roof, far away</em>. Choose the space beside the search.</p>
<h2 id="ratings" tabindex="-1"><a href="#ratings">Ratings</a></h2>
<p><strong>Good</strong> and <strong>Not what I was looking for</strong> keep what you think of a result, together with what you had looked for. The next
search like it puts patterns near to those you liked further up, and those near to what you did not like further down;
<strong>Search again</strong> shows it at once. To change your mind, press the other button, or the same once more to take it back.
<strong>Forget ratings</strong>, on the tab <strong>Contents</strong>, deletes all of them.</p>
<h2 id="correcting-a-pattern" tabindex="-1"><a href="#correcting-a-pattern">Correcting a pattern</a></h2>
<p>Open a pattern to see it in its sound, with the others of the sound below. Drag the edges of the box, or go to one with
<code>Tab</code> and press the arrows, with <code>Shift</code> for larger steps; or type the numbers. What plays follows the edges. Set its kind,
one of the seven or a word of yours, and its tags, and press <strong>Save</strong>; <strong>Undo</strong> or <code>Ctrl+Z</code> takes it back.</p>
<p>A pattern with new ends is described anew. Maquette then compares the ways to cut with all ends that you have set, and
cuts new sounds in the way that meets most of them; <strong>Contents</strong> says what it has learnt. A kind that you set is given
to patterns that are very similar, too, when sounds are added.</p>
<div class="table" role="group" tabindex="0" aria-label="Correcting a pattern"><table><thead><tr><th scope="col">Key</th><th scope="col">On the page of a pattern</th></tr></thead><tbody><tr><td><code>Space</code></td><td>play, pause</td></tr><tr><td><code>[</code>, <code>]</code></td><td>previous, next pattern of the sound</td></tr></tbody></table></div>
<h2 id="the-map-of-patterns" tabindex="-1"><a href="#the-map-of-patterns">The map of patterns</a></h2>
<p>The tab <strong>Map</strong> draws every pattern as a point, similar ones near each other. Hover to see what a point is, click to hear
it and to see its neighbours; a click on a neighbour goes on to it. Drag to move, turn the wheel to zoom. Colours tell kind,
brightness, level or length.</p>
<p>With the keyboard, arrows go to the next pattern in a direction, <code>Space</code> plays it, <code>Enter</code> opens it, and <code>+</code>, <code>-</code> and <code>0</code>
zoom. The list has the same patterns.</p>
<h2 id="words-for-a-prompt" tabindex="-1"><a href="#words-for-a-prompt">Words for a prompt</a></h2>
<p>The page of a pattern has words that describe it, its own and those that most of its neighbours have, too. Copy them, and
paste them where <a href="/help/words">words become sound</a>.</p>
<h2 id="to-other-computers-and-to-training" tabindex="-1"><a href="#to-other-computers-and-to-training">To other computers, and to training</a></h2>
<p><strong>Export</strong> writes what you found, or what you selected:</p>
<ul>
<li><strong>A library file</strong>: what is known of the patterns, their vectors and ratings.</li>
<li><strong>A library file with sounds</strong>: the same with their sounds, for a computer that does not have the files.</li>
<li><strong>A folder of sounds</strong>: a WAV file of each. <strong>New dataset from these</strong> goes on to <a href="/help/datasets">a dataset</a> to train on.</li>
</ul>
<p><strong>Import a library file</strong>, on the tab <strong>Contents</strong>, takes patterns in. Those that are there stay as they are. Of an imported
pattern without its file you hear the pattern alone, if its sound came with it.</p>
<p><strong>Take out</strong> removes patterns from the memory, never a file. If vectors are damaged or missing, the page says so, and
<strong>Compute them again</strong> mends it from the sounds.</p>
<h2 id="on-the-command-line" tabindex="-1"><a href="#on-the-command-line">On the command line</a></h2>
<div class="table" role="group" tabindex="0" aria-label="On the command line"><table><thead><tr><th scope="col">Command</th><th scope="col">What it does</th></tr></thead><tbody><tr><td><code>maquette memory add FOLDER --tag techno</code></td><td>cuts sounds and remembers their patterns; <code>--model</code> lets a model listen, too</td></tr><tr><td><code>maquette memory find &quot;metallic, under 2 s&quot;</code></td><td>finds patterns; <code>--like FILE</code> by a sound, with <code>--from</code> and <code>--to</code> for a part of it, <code>--like PATTERN</code> by a pattern, <code>--text WORDS</code> by a description, <code>--more</code> and <code>--less</code> to refine</td></tr><tr><td><code>maquette memory rate PATTERN good</code></td><td>rates what the last search found; <code>bad</code> says that it is not what you looked for</td></tr><tr><td><code>maquette memory rate --forget</code></td><td>forgets all ratings</td></tr><tr><td><code>maquette memory show</code></td><td>says what is in the memory; with a pattern, what is known of it</td></tr><tr><td><code>maquette memory list &quot;rhythmic&quot;</code></td><td>lists patterns in order of their sounds</td></tr><tr><td><code>maquette memory teach PATTERN --end 2.5 --kind drone</code></td><td>corrects a pattern</td></tr><tr><td><code>maquette memory remove PATTERN</code></td><td>takes patterns out of the memory</td></tr><tr><td><code>maquette memory restore NUMBER</code></td><td>puts back what was removed or forgotten</td></tr><tr><td><code>maquette memory export -o drums.memory --words drums</code></td><td>writes patterns as one file; <code>--sounds</code> puts their sounds into it</td></tr><tr><td><code>maquette memory import drums.memory</code></td><td>takes the patterns of a file in</td></tr><tr><td><code>maquette memory mend</code></td><td>makes vectors again that are damaged or missing</td></tr></tbody></table></div>
<p>A pattern is named by its identifier, 16 digits from 0 to f, which <code>find</code> and <code>list</code> print and which ends the address of
its page. All commands take <code>--json</code>.</p>
`,flows:`<p>A flow is a small graph of steps that makes sounds for you: it listens, finds, describes, makes, tests and keeps. Some come with
Maquette; you can make your own.</p>
<h2 id="run-one" tabindex="-1"><a href="#run-one">Run one</a></h2>
<ol>
<li>Open <strong>Flows</strong> and choose one, for example <em>More like my best ten</em>. Its picture shows the steps from left to right, and what each
uses.</li>
<li>Fill in what it asks for: a sound, some words, a length. Press <strong>Run</strong>.</li>
<li>Watch the picture. Each step says what it does, what it chose and why, and what it found. Sounds can be heard as soon as they
are there.</li>
</ol>
<p>What is kept lies in the gallery of <strong>Create</strong>, with its <strong>family tree</strong>: what it was made of, and what was made of it.</p>
<h2 id="when-a-step-fails" tabindex="-1"><a href="#when-a-step-fails">When a step fails</a></h2>
<p>Most steps know another way: another model, fewer steps of its sampler, or a blend of your own patterns, which needs no model. Only
when all of that has failed does the flow wait for you. Select the step, read why, and choose <strong>Try again</strong>, <strong>Try another way</strong> or
<strong>Leave it out</strong>. After a test that nothing passed you can also take sounds by ear.</p>
<p>A flow goes on after Maquette was closed, or after a crash.</p>
<h2 id="ready-made-flows" tabindex="-1"><a href="#ready-made-flows">Ready-made flows</a></h2>
<div class="table" role="group" tabindex="0" aria-label="Ready-made flows"><table><thead><tr><th scope="col">flow</th><th scope="col">what you give</th><th scope="col">what you get</th></tr></thead><tbody><tr><td>More like my best ten</td><td>patterns that you rated good in the memory</td><td>new sounds like them</td></tr><tr><td>A bed under this voice</td><td>a voice</td><td>a quiet bed in its key and tempo, alone and under the voice</td></tr><tr><td>Variations that keep the rhythm</td><td>a sound</td><td>variations that keep its rhythm; you choose which to keep</td></tr><tr><td>An answer from my memory</td><td>a sound</td><td>a blend of what your memory finds like it, in its rhythm</td></tr></tbody></table></div>
<p>The first three use a model that makes sound from words if one is there (<a href="/help/words">Sounds from words</a>); without one they blend.</p>
<h2 id="your-own" tabindex="-1"><a href="#your-own">Your own</a></h2>
<p><strong>New flow</strong>, or <strong>Copy</strong> a ready-made one. Add steps, say what each uses, what is tried otherwise and what happens if it fails. What is
wrong is said while you type. <strong>Save as file</strong> gives a flow to somebody else; <strong>Open a file</strong> takes one.</p>
<p>Texts may use what is known: <code>{words}</code> is an input, <code>{listen.key}</code> what the step <code>listen</code> found, and <code>{listen.secs|10}</code> is 10 where
nothing was found.</p>
<h2 id="new-recordings-by-themselves" tabindex="-1"><a href="#new-recordings-by-themselves">New recordings by themselves</a></h2>
<p>Choose <strong>Watch a folder</strong> on a flow&#39;s page. From then on each new sound in the folder starts the flow while Maquette is running. <em>An
answer from my memory</em> is made for this: record into the folder, and each take gets its answer and is remembered.</p>
<h2 id="family-trees" tabindex="-1"><a href="#family-trees">Family trees</a></h2>
<p>Open <strong>Family tree</strong> on the page of a sound or a pattern. To the left stands what it was made of, to the right what was made of it,
with the way it was made on each line; choose a member to go there.</p>
<h2 id="blends" tabindex="-1"><a href="#blends">Blends</a></h2>
<p>In the <strong>Memory</strong>, select two or more patterns and choose <strong>Blend</strong>. Give each its share; choose grains, spectra, layers, or the latents
of a model of yours. With <strong>Keep the rhythm</strong> the result follows the loudness of one of them.</p>
`,change:`<p>Every sound of the library can be changed: open it and choose <strong>Change</strong>. The file itself always stays as it is.
What comes out is heard first, beside what it was: <strong>A</strong> is before, <strong>B</strong> is after, and switching does not move
the playhead. <strong>Keep in the library</strong> takes it into the folder <em>Changed sounds</em>, where its page says what it was
made of and how; what you do not keep is gone after a while. <strong>Download</strong> saves it anywhere.</p>
<p>The commands <code>maquette tune</code>, <code>to-grid</code>, <code>stretch</code>, <code>separate</code>, <code>convert-sound</code> and <code>spectral-edit</code> do the same, on whole
folders too.</p>
<h2 id="tune-a-voice" tabindex="-1"><a href="#tune-a-voice">Tune a voice</a></h2>
<p><strong>Tune</strong> shows the pitch of a voice, or of any instrument that plays one note at a time, and its notes. A solid
box is where a note goes, the dashed line where it was sung, and the thin line is the pitch itself. Lit lanes
are the notes of the scale.</p>
<ol>
<li>Choose the <strong>Key</strong> and the <strong>Scale</strong>. All notes go to the nearest note of it; where the key of the sound was
found, it is chosen already.</li>
<li>Drag a note up or down to send it elsewhere. It snaps to the scale; hold Alt to leave it. A double click
leaves a note as it was sung.</li>
<li><strong>Strength</strong> says how far notes go, <strong>Speed</strong> how long each takes. 20 ms sounds natural, 0 is the effect.</li>
<li>Press <strong>Tune it</strong>, and listen to A and B. What was not moved is the same to the last sample.</li>
</ol>
<p>By keyboard, Tab goes to the notes; then:</p>
<div class="table" role="group" tabindex="0" aria-label="Tune a voice"><table><thead><tr><th scope="col">Key</th><th scope="col">Does</th></tr></thead><tbody><tr><td>Left, Right, Home, End</td><td>another note</td></tr><tr><td>Up, Down</td><td>a semitone</td></tr><tr><td>Shift with Up, Down</td><td>10 cents</td></tr><tr><td>Page Up, Page Down</td><td>an octave</td></tr><tr><td>Enter</td><td>to the nearest note of the scale</td></tr><tr><td>Delete</td><td>as it was sung</td></tr><tr><td>Ctrl+Z, Ctrl+Y</td><td>undo, redo</td></tr></tbody></table></div>
<p>Screen readers read each note with its name, how far it is moved, and where it is.</p>
<h2 id="put-a-take-on-the-grid" tabindex="-1"><a href="#put-a-take-on-the-grid">Put a take on the grid</a></h2>
<p><strong>Put on the grid</strong> makes the beats of a take even, and moves its notes to the steps between them. It takes the
beats that the library found, with your corrections; set them right on the sound&#39;s page first if they are wrong.</p>
<p>Leave <strong>Beats per minute</strong> empty to keep the tempo of the take. <strong>Grid</strong> is the finest step that notes go to.
With a <strong>Strength</strong> of 50 %, notes go half of the way. The table says how far notes were from the grid, how far
they are expected to be, and, once the sound is made, how far they were measured to be.</p>
<p><strong>Write a click as well</strong> makes a second sound with a click on every beat. <strong>Write the tempo of the take as
MIDI</strong> makes a file that lets another program&#39;s bars follow the take as it was played.</p>
<h2 id="stretch-and-pitch" tabindex="-1"><a href="#stretch-and-pitch">Stretch and pitch</a></h2>
<p><strong>Stretch and pitch</strong> changes length and pitch, each apart from the other: in percent, to a length in seconds,
or from one tempo to another. <strong>Keep the colour</strong> leaves formants where they are when the pitch moves, as voices
need it.</p>
<h2 id="take-apart" tabindex="-1"><a href="#take-apart">Take apart</a></h2>
<p><strong>Take apart</strong> makes two sounds of one: tones and voices, which go on for a while, and strikes, such as drums and attacks.
Listen to both beside the sound as it was, and keep either. Added up they are the sound again.</p>
<h2 id="convert" tabindex="-1"><a href="#convert">Convert</a></h2>
<p><strong>Convert</strong> writes another format, sampling rate or number of channels, and can bring a sound to the loudness of
streaming services, of broadcasting, of clubs, or one of your own. Peaks then stay below the ceiling, between
samples too. Dither adds a little noise where samples are rounded, so that what fades out does not distort.</p>
<p><strong>Convert these</strong> on the page of the library does it for all sounds that pass the search, or those of them that
you choose. A file that cannot be read is named, and does not hold up the others.</p>
<h2 id="edit-the-spectrum" tabindex="-1"><a href="#edit-the-spectrum">Edit the spectrum</a></h2>
<p><strong>Edit the spectrum</strong> works on fields of time and frequency. Draw one on the picture or type its edges, then:</p>
<ul>
<li><strong>Cut</strong> makes it silent: a whistle, a squeak.</li>
<li><strong>Heal</strong> replaces it by what is around it: a click, a cough.</li>
<li><strong>Change level</strong> turns it up or down.</li>
</ul>
<p>Edits are listed in their order; each can be removed, undone and done again. <strong>Apply the edits</strong> computes the
sound. What lies outside of the fields stays as it was.</p>
`,notes:`<p>A MIDI file in the library opens as notes: a piano roll with its bars, its chords and its parts. From there it is
heard, put on the grid, harmonised, arranged, and parts are written for it. The file itself always stays as it is;
what comes out is a suggestion until you keep it.</p>
<p>The commands <code>maquette notes</code> and <code>maquette midi</code> do the same without a page.</p>
<h2 id="from-a-sound-to-notes" tabindex="-1"><a href="#from-a-sound-to-notes">From a sound to notes</a></h2>
<p><code>maquette notes TAKE.wav -o TAKE.mid</code> listens to a sound and writes what is played as a MIDI file, in the tempo of
the sound. It finds out whether one voice plays or several notes at once; <code>--mono</code> and <code>--poly</code> say it. One voice or
one instrument works best: a mix of a whole band does not come apart.</p>
<p>For a whole song, <strong>Export what was found</strong> on the page of the sound writes a MIDI file with its tempo, its bars, its
chords as markers, and the melody where one stands out.</p>
<p>Drop the file on the page of the library, and it opens as notes.</p>
<h2 id="see-and-hear" tabindex="-1"><a href="#see-and-hear">See and hear</a></h2>
<p><strong>Play</strong> makes sound of the notes with built-in instruments; the first time this takes a moment. Click to move the
playhead, drag to loop a part, hold <code>Ctrl</code> and turn the mouse wheel to zoom. The boxes under the roll show and hide
parts, and <strong>Notes as a list</strong> says every note in numbers.</p>
<p>Chords stand under the notes. Where the file names them, those are taken; else they are found from the notes.</p>
<h2 id="edit-notes" tabindex="-1"><a href="#edit-notes">Edit notes</a></h2>
<p><strong>Edit notes</strong> turns the roll into an editor. Choose the <strong>Part to edit</strong>; the others stay in sight behind it.</p>
<div class="table" role="group" tabindex="0" aria-label="Edit notes"><table><thead><tr><th scope="col">To</th><th scope="col">by mouse or finger</th><th scope="col">by keys</th></tr></thead><tbody><tr><td>add a note</td><td>click an empty place</td><td><code>Enter</code>: after the selected note, or at the playhead</td></tr><tr><td>select</td><td>click a note, drag around several, <code>Shift</code> and click for one more</td><td><code>Tab</code> and <code>Shift+Tab</code> from note to note, <code>Home</code>, <code>End</code>, <code>Ctrl+A</code></td></tr><tr><td>move in time and pitch</td><td>drag</td><td>arrows; with <code>Shift</code> four steps, or an octave</td></tr><tr><td>change the length</td><td>drag an end</td><td><code>+</code> and <code>-</code></td></tr><tr><td>change the velocity</td><td>the slider</td><td><code>Page Up</code>, <code>Page Down</code></td></tr><tr><td>copy, remove</td><td>the buttons</td><td><code>D</code>, <code>Delete</code></td></tr><tr><td>undo, do again</td><td>the buttons</td><td><code>Ctrl+Z</code>, <code>Ctrl+Shift+Z</code></td></tr><tr><td>leave the editor</td><td></td><td><code>Escape</code>, then <code>Tab</code></td></tr></tbody></table></div>
<p>Notes come to the <strong>Grid</strong> that you choose, as long as <strong>Snap</strong> is on; hold <code>Alt</code> or <code>Ctrl</code> while you drag, or <code>Alt</code> with
the keys, to leave it. <code>Ctrl</code> and the mouse wheel zoom, <code>Shift</code> and the wheel go along; a finger on an empty place
scrolls the keys. A key sounds once at a time: where a note runs into another of its key, the earlier one ends.</p>
<p><strong>Play the notes</strong>, or <code>Space</code>, plays all parts in plain tones while you edit, so every edit is heard at once.</p>
<p><strong>Save as a new file</strong> takes the piece into the library under a name of its own, which says what it was made of. The
file that you edited is never overwritten, and of the new one only the notes that you touched are others: tempo map,
controllers, lyrics and all other parts stay as they were, tick by tick. A MIDI file in a RIFF wrapper (<code>.rmi</code>) loses the
wrapper, and a damaged file has what could be read of it.</p>
<p>To do the same in a script, <code>maquette library notes ID --json</code> lists the notes of a MIDI file with their ticks, and
<code>maquette library edit-notes ID EDIT.json</code> saves a new file. The edit names notes by their places in the lists:</p>
<pre tabindex="0"><code>{
  &quot;tracks&quot;: [
    {
      &quot;track&quot;: 1,
      &quot;removed&quot;: [4],
      &quot;changed&quot;: [{ &quot;note&quot;: 0, &quot;start&quot;: 480, &quot;length&quot;: 240, &quot;key&quot;: 62, &quot;velocity&quot;: 90 }],
      &quot;added&quot;: [{ &quot;start&quot;: 960, &quot;length&quot;: 240, &quot;key&quot;: 64, &quot;velocity&quot;: 80 }]
    }
  ]
}</code></pre>
<h2 id="write-drums-bass-or-a-melody" tabindex="-1"><a href="#write-drums-bass-or-a-melody">Write drums, bass or a melody</a></h2>
<p><strong>Write a part</strong> writes for the harmony of the piece, so it needs chords.</p>
<ol>
<li>Choose the <strong>Part</strong> and the <strong>Style</strong>, and how many <strong>Suggestions</strong> you want.</li>
<li>Press <strong>Write suggestions</strong>. Each appears with its roll and can be played by itself.</li>
<li><strong>Keep</strong> takes one into the library, <strong>Download</strong> saves it. Each has nothing but its part, in the tempo of the
piece, so it can be laid beside it in any program.</li>
</ol>
<p>The same <strong>Random seed</strong> writes the same again; the dice choose another one.</p>
<h2 id="put-notes-on-the-grid" tabindex="-1"><a href="#put-notes-on-the-grid">Put notes on the grid</a></h2>
<p><strong>Change the notes</strong>, <strong>Put on the grid</strong> moves notes to the steps of a grid that begins anew with every bar. <code>1/8t</code>
and <code>1/16t</code> are triplets.</p>
<ul>
<li><strong>Swing</strong> delays every second step; 67 % is a triplet feel.</li>
<li><strong>Groove</strong> takes the timing of another MIDI file or sound of the library instead of an even grid.</li>
<li><strong>Strength</strong> says how far notes go: with 50 %, half of the way.</li>
<li><strong>Tuplets where they are played so</strong> leaves beats alone that are played in three, five or six parts.</li>
<li><strong>Ends of notes too</strong> moves the ends; otherwise notes keep their lengths.</li>
</ul>
<p>What came out says how many notes were moved, and by how much. <strong>Play less exactly</strong> is the other way round: it
moves notes off the grid the way people play.</p>
<h2 id="harmonise-a-melody" tabindex="-1"><a href="#harmonise-a-melody">Harmonise a melody</a></h2>
<p><strong>Harmonise the melody</strong> writes three lower voices and chords for it, by the rules of voice leading: no parallel
fifths or octaves where they can be avoided, leading notes rise, sevenths fall. If some could not be avoided, it says
how many.</p>
<h2 id="arrange-for-a-band" tabindex="-1"><a href="#arrange-for-a-band">Arrange for a band</a></h2>
<p><strong>Arrange for a band</strong> makes bass, keys, drums and a pad of a lead sheet: a melody with chords, written as markers or
found. Another random seed plays another arrangement.</p>
<h2 id="to-other-programs" tabindex="-1"><a href="#to-other-programs">To other programs</a></h2>
<p><strong>Download</strong> gives a Standard MIDI File, which every DAW reads. To hear notes with other instruments, there is
<code>maquette midi render SONG.mid -o SONG.wav --soundfont FILE.sf2</code>. <code>maquette daw convert</code> writes projects of REAPER and
DAWproject from them.</p>
`,daw:`<p>A project of a music program (a DAW) is more than its sounds: tracks, clips, notes, tempo, meter and markers. Maquette
reads projects of REAPER (<code>.rpp</code>), Ableton Live (<code>.als</code>), Logic Pro (<code>.logicx</code>) and DAWproject (<code>.dawproject</code>, which
Bitwig Studio, Studio One, Cubase and others write), shows what is in them, and writes them for other programs. The
project itself is never changed.</p>
<p><strong>Library</strong>, then <strong>Projects of other programs</strong>, lists the projects that lie in folders of the library.</p>
<h2 id="open-a-project" tabindex="-1"><a href="#open-a-project">Open a project</a></h2>
<ul>
<li><strong>Drop it.</strong> Drop the folder that has the project and its sounds, so that they stay together. A project alone works,
too: then its sounds are found where it says they are, if they are on this computer.</li>
<li><strong>Watch its folder.</strong> Projects in watched folders are listed by themselves.</li>
<li><strong>Open one where it is.</strong> Choose the file under <em>Or open one where it is</em>. Projects of Logic Pro are folders: go into
one, then press <strong>Open this project</strong>.</li>
<li><strong>Open a <code>.zip</code> as it is.</strong> A project of REAPER, Ableton Live or Logic Pro that was packed with its sounds is opened
under <em>Or open one where it is</em>, too, and nothing is unpacked: its sounds are found in it by their names. With several
projects in it, unpack it and open one. Archives in the library are not listed, as most have other things in them.</li>
</ul>
<h2 id="what-the-page-shows" tabindex="-1"><a href="#what-the-page-shows">What the page shows</a></h2>
<p>The <strong>arrangement</strong> has a lane for each track, over a ruler with bars, tempo and meter where they change, and markers.
Notes are drawn in their clips, and waveforms where a sound is in the library and analysed. A clip whose sound is
missing is hatched and says so. Click a clip to choose it.</p>
<div class="table" role="group" tabindex="0" aria-label="What the page shows"><table><thead><tr><th scope="col">Key</th><th scope="col">Does</th></tr></thead><tbody><tr><td>Left, Right</td><td>move the place, with Shift by more</td></tr><tr><td>Home, End</td><td>start, end</td></tr><tr><td>+ and -</td><td>closer, further</td></tr><tr><td>0</td><td>show everything</td></tr></tbody></table></div>
<p>Below it, a table names the <strong>instruments and effects</strong> of each track, and <strong>Clips as a list</strong> has every clip with its
bar, for reading instead of looking. <strong>What was not read</strong> says what is in the file and was left out. Of Logic Pro&#39;s
projects, volumes, automation and plug-ins of other makers are not read, because nobody has described how they are stored.</p>
<h2 id="notes" tabindex="-1"><a href="#notes">Notes</a></h2>
<p><strong>Open all notes</strong> writes the notes of the project as a MIDI file into the library and opens it on the page of notes,
where it is played and parts are written for it. A clip that is chosen has a button for its own notes; its file begins
with its bar, in the tempo and meter that hold there.</p>
<h2 id="sounds-that-are-missing" tabindex="-1"><a href="#sounds-that-are-missing">Sounds that are missing</a></h2>
<p>Projects remember where their sounds were. On another computer, or when a disk has another name, they are missing.
<strong>Look for them in a folder</strong> searches a folder and all below it by name, and by size where the project remembers it.
What is found is drawn and used when the project is written; the project itself stays as it is. Sounds that lie inside
a DAWproject or a <code>.zip</code> are not missing: they are taken out when it is written.</p>
<p><strong>Take sounds into the library</strong> lists the sounds that were found in the library, where they are, with the names of the
project and of their tracks as tags. Search for them with <code>tag:</code> and the name.</p>
<h2 id="write-it-for-another-program" tabindex="-1"><a href="#write-it-for-another-program">Write it for another program</a></h2>
<div class="table" role="group" tabindex="0" aria-label="Write it for another program"><table><thead><tr><th scope="col">Form</th><th scope="col">What comes along</th></tr></thead><tbody><tr><td>DAWproject</td><td>tracks, notes, sounds where they are, tempo and meter map, markers, volume, mute</td></tr><tr><td>Project for REAPER</td><td>the same</td></tr><tr><td>MIDI file</td><td>notes, tempo and meter map, markers</td></tr><tr><td>Stems, MIDI and tempo map</td><td>a WAV file for each track of sound, all from the start, with the notes and the tempo map beside them</td></tr></tbody></table></div>
<p>Effects come along as names only. Stems are at 48 kHz with 24 bits, without effects and volume, and sounds are not
stretched: a clip that follows another tempo than its sound has keeps the speed of the sound. <strong>What did not come along</strong>
says what was left.</p>
<p>The commands <code>maquette daw read</code> and <code>maquette daw convert</code> do the same.</p>
<h2 id="make-a-project-of-a-sound" tabindex="-1"><a href="#make-a-project-of-a-sound">Make a project of a sound</a></h2>
<p>A take that was played without a click opens in a music program with its bars in the wrong places. Open the sound in the
library, set its beats right if they are wrong, and choose <strong>Export</strong>, then <strong>Project for REAPER</strong> or <strong>DAWproject</strong>. The
sound lies on a track, unchanged, and the tempo map follows it bar by bar, so that bars are where they are heard. Its
sections and chords are markers. What is before the first downbeat lies in a bar before it.</p>
<p><code>maquette daw from-sound TAKE.wav -o TAKE.rpp</code> does the same.</p>
`,exports:`<p>An export is a model in the form that another program needs. Every export is read again and compared with the
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
`,import:`<p>Import brings in what you already have. It shows what was found and what it will become before anything is
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
`,projects:`<p>A project keeps datasets, runs, models and exports that belong together: one instrument, one client, one
experiment. Every workspace starts with a single project, <strong>Default</strong>. You can rename it, and you need no other
one until something should stay apart.</p>
<h2 id="switching-projects" tabindex="-1"><a href="#switching-projects">Switching projects</a></h2>
<p>The button at the top of the menu shows which project you are in. In a narrow window it is at the top left. It
lists the projects you used last, <strong>All projects</strong>, <strong>New project…</strong> and <strong>Manage projects</strong>.</p>
<p>While you are in a project, every list shows only what is in that project, and everything you create goes into
it. Your own presets and the queue are the same everywhere. With <strong>All projects</strong> the lists show everything and
say which project each item is in; what you create then goes into the first project, and a run goes into the
project of its dataset.</p>
<p>The choice is kept in your browser. You can also switch from the command palette (<code>Ctrl K</code>): type the name of
a project.</p>
<h2 id="moving-things" tabindex="-1"><a href="#moving-things">Moving things</a></h2>
<p>Choose <strong>Move to project…</strong> in the menu of a run, dataset, model or export, or select several of them first.
The reconstructions of a model go with it. <strong>Undo</strong> moves everything back.</p>
<p>Something that is in use cannot be moved: a job that runs or waits, or the dataset of a run that has not ended.</p>
<h2 id="defaults-for-new-runs" tabindex="-1"><a href="#defaults-for-new-runs">Defaults for new runs</a></h2>
<p>The page of a project shows what its new runs start from: a preset, switches, single settings, and when to stop.
Choose <strong>Choose defaults</strong> there, set everything up as for a run, and choose <strong>Save as defaults</strong>. Each run can
still be changed before it starts. <strong>Clear</strong> goes back to the recommended preset.</p>
<h2 id="archives" tabindex="-1"><a href="#archives">Archives</a></h2>
<p><strong>Export archive</strong> on the page of a project downloads everything in it as one file. To bring it in again, here or
on another computer, drop the file on <strong>Import a project</strong> on the Projects page. Importing never replaces
anything: if a name is taken, the new project gets a number. An archive that is damaged or incomplete is refused
as a whole.</p>
<p>Wait until the jobs of a project are done before you export it, or stop them.</p>
<h2 id="deleting" tabindex="-1"><a href="#deleting">Deleting</a></h2>
<p>A deleted project goes to the <a href="/help/troubleshooting#trash">trash</a> with everything in it, for 30 days. The first
project cannot be deleted, because it holds whatever has no other project.</p>
<h2 id="on-the-command-line" tabindex="-1"><a href="#on-the-command-line">On the command line</a></h2>
<pre tabindex="0"><code>maquette project create &quot;Drum machine&quot;
maquette dataset create ~/drums --project &quot;Drum machine&quot;
maquette project move &quot;Drum machine&quot; run kick-study
maquette project export &quot;Drum machine&quot; -o drums.maquette.tar
maquette project import drums.maquette.tar</code></pre>
<p>Every command that lists or creates something takes <code>--project</code>.</p>
`,troubleshooting:`<p>When something goes wrong, the page says what happened, why, and what you can do. This page collects the most
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
`};export{e as default};