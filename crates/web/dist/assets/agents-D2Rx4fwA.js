var e=`<p>An agent is a small neural network that learns a game from nothing but its score. Maquette has nine games, films
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
`;export{e as default};