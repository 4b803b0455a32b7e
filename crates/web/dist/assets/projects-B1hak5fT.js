var e=`<p>A project keeps datasets, runs, models and exports that belong together: one instrument, one client, one
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
`;export{e as default};