var e=`<p>The memory cuts your own sounds into patterns: a drum figure, a chord, a texture, a swell. You find them again by words,
by numbers, and by what they sound like; you rate what you find and correct how it is cut, and both teach it. Nothing
leaves your computer, and your files stay where they are.</p>
<h2 id="adding-sounds-to-it" tabindex="-1"><a href="#adding-sounds-to-it">Adding sounds to it</a></h2>
<p>Open <strong>Memory</strong>, choose a folder with its sub-folders, or one file, and press <strong>Add this folder</strong>; <strong>Add the sounds of the
library</strong> takes all of these. Patterns appear while the job works. <strong>Stop</strong> keeps those that were found so far, and
<strong>Resume</strong> goes on from there. A file that cannot be read is named with the reason.</p>
<p>Under <strong>Tags, lengths, models</strong> you give the new patterns words of your own, such as a genre or a project, set the
shortest and the longest pattern (0.3 to 6 s otherwise), and choose models that listen, too.</p>
<p>Adding a sound again cuts it again. What you corrected stays as you set it.</p>
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
<p><strong>Good</strong> and <strong>Not what I looked for</strong> keep what you think of a result, together with what you had looked for. The next
search like it puts patterns near to those you liked further up, and those near to what you did not like further down;
<strong>Search again</strong> shows it at once. To change your mind, press the other button. <strong>Forget ratings</strong>, on the tab <strong>Contents</strong>,
deletes all of them.</p>
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
<li><strong>A folder of sounds</strong>: a WAV file of each. <strong>New dataset of these</strong> goes on to <a href="/help/datasets">a dataset</a> to train on.</li>
</ul>
<p><strong>Import a library file</strong>, on the tab <strong>Contents</strong>, takes patterns in. Those that are there stay as they are. Of an imported
pattern without its file you hear the pattern alone, if its sound came with it.</p>
<p><strong>Take out</strong> removes patterns from the memory, never a file. If vectors are damaged or missing, the page says so, and
<strong>Make them again</strong> mends it from the sounds.</p>
<h2 id="on-the-command-line" tabindex="-1"><a href="#on-the-command-line">On the command line</a></h2>
<div class="table" role="group" tabindex="0" aria-label="On the command line"><table><thead><tr><th scope="col">Command</th><th scope="col">What it does</th></tr></thead><tbody><tr><td><code>maquette memory add FOLDER --tag techno</code></td><td>cuts sounds and remembers their patterns; <code>--model</code> lets a model listen, too</td></tr><tr><td><code>maquette memory find &quot;metallic, under 2 s&quot;</code></td><td>finds patterns; <code>--like FILE</code> by a sound, with <code>--from</code> and <code>--to</code> for a part of it, <code>--like PATTERN</code> by a pattern, <code>--text WORDS</code> by a description, <code>--more</code> and <code>--less</code> to refine</td></tr><tr><td><code>maquette memory rate PATTERN good</code></td><td>rates what the last search found; <code>bad</code> says that it is not what you looked for</td></tr><tr><td><code>maquette memory rate --forget</code></td><td>forgets all ratings</td></tr><tr><td><code>maquette memory show</code></td><td>says what is in the memory; with a pattern, what is known of it</td></tr><tr><td><code>maquette memory list &quot;rhythmic&quot;</code></td><td>lists patterns in order of their sounds</td></tr><tr><td><code>maquette memory teach PATTERN --end 2.5 --kind drone</code></td><td>corrects a pattern</td></tr><tr><td><code>maquette memory remove PATTERN</code></td><td>takes patterns out of the memory</td></tr><tr><td><code>maquette memory export -o drums.memory --words drums</code></td><td>writes patterns as one file; <code>--sounds</code> puts their sounds into it</td></tr><tr><td><code>maquette memory import drums.memory</code></td><td>takes the patterns of a file in</td></tr><tr><td><code>maquette memory mend</code></td><td>makes vectors again that are damaged or missing</td></tr></tbody></table></div>
<p>A pattern is named by its identifier, 16 digits from 0 to f, which <code>find</code> and <code>list</code> print and which ends the address of
its page. All commands take <code>--json</code>.</p>
`;export{e as default};