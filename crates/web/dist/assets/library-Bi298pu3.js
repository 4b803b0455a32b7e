var e=`<p>The library holds your own sounds, and finds out what is in them: tempo, beats, key, chords, sections, loudness and
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
`;export{e as default};