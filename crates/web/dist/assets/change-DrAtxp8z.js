var e=`<p>Every sound of the library can be changed: open it and choose <strong>Change</strong>. The file itself always stays as it is.
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
`;export{e as default};