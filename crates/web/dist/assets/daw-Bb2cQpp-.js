var e=`<p>A project of a music program (a DAW) is more than its sounds: tracks, clips, notes, tempo, meter and markers. Maquette
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
`;export{e as default};