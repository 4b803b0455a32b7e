var e=`<p>A MIDI file in the library opens as notes: a piano roll with its bars, its chords and its parts. From there it is
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
`;export{e as default};