var e=`<p>A dataset holds your recordings in the form that training needs: one sample rate, mono or stereo, with a few
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
`;export{e as default};