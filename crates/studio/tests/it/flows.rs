//! Flows: which model a step takes and why, what is tried where it fails, what waits, and what survives.

use std::{collections::BTreeMap, fs};

use api::{
    FlowAnswer, FlowKnows, FlowOtherwise, FlowPlan, FlowRun, FlowSay, FlowState, FlowStep,
    FlowStepState, FlowWork, Id, JobState, Limits, NewFlowRun, NewWeights, SoundPlace,
    WeightsCheck, WeightsFile, WeightsUse, WordsAbilities, WordsSteps,
};

use crate::stage::Stage;

/// A model that makes sound from words, in a folder whose name says how much memory it takes.
fn model(stage: &Stage, name: &str, max_secs: f64) -> Id {
    let folder = stage.folder.path().join(name);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("model.safetensors"), name).unwrap();
    let words = WordsAbilities {
        rate_hz: 8000,
        channels: 1,
        max_secs,
        steps: Some(WordsSteps { least: 4, usual: 20, most: 100 }),
        guidance: 1.0,
        takes_negative: false,
        begins: vec![],
        takes_adapters: false,
        writes_codes: false,
        max_tokens: 77,
    };
    let bytes = name.len() as u64;
    let check = WeightsCheck {
        folder: folder.to_string_lossy().into_owned(),
        family: Some("words".to_owned()),
        is_usable: true,
        files: vec![WeightsFile { name: "model.safetensors".to_owned(), bytes, tensors: 1 }],
        tensors: 1,
        missing: vec![],
        unexpected: vec![],
        licence: None,
        memory_bytes: bytes,
        uses: vec![WeightsUse::Words],
        words: Some(words),
        forecasts: vec![],
        facts: vec![],
        problems: vec![],
    };
    let folder = check.folder.clone();
    let new = NewWeights { folder, ..NewWeights::default() };
    stage.studio.add_weights(&new, check).unwrap().id
}

fn step(key: &str, work: FlowWork, otherwise: Vec<FlowOtherwise>) -> FlowStep {
    FlowStep {
        key: key.to_owned(),
        label: key.to_owned(),
        work,
        after: vec![],
        otherwise,
        if_fails: api::FlowIfFails::Wait,
    }
}

fn generate(secs: f64) -> FlowWork {
    serde_json::from_value(
        serde_json::json!({ "do": "generate", "prompt": "rain", "secs": secs, "count": 2 }),
    )
    .unwrap()
}

fn keep(of: &str) -> FlowWork {
    serde_json::from_value(serde_json::json!({ "do": "keep", "sounds": [of], "name": "Rain" }))
        .unwrap()
}

fn start(stage: &Stage, steps: Vec<FlowStep>) -> Id {
    let plan = FlowPlan {
        format: FlowPlan::FORMAT,
        name: "Rain".to_owned(),
        steps,
        ..FlowPlan::default()
    };
    let new = NewFlowRun { plan: Some(plan), ..NewFlowRun::default() };
    stage.studio.run_flow(new).unwrap().id
}

fn rested(stage: &Stage, id: &Id) -> FlowRun {
    stage.until(|| stage.studio.flow_run(id).unwrap().state != FlowState::Running).unwrap();
    stage.studio.flow_run(id).unwrap()
}

#[test]
fn the_model_is_chosen_in_words() {
    let stage = Stage::new();
    let [small, large] = [model(&stage, "small 1", 10.0), model(&stage, "large 8", 60.0)];
    let chosen = |secs: f64| {
        let run = rested(&stage, &start(&stage, vec![step("make", generate(secs), vec![])]));
        assert_eq!(run.state, FlowState::Done, "{run:?}");
        let attempt = run.steps[0].attempts[0].clone();
        (attempt.model.unwrap(), attempt.why)
    };
    let (model, why) = chosen(5.0);
    let expected = "“small 1”, the fastest model that can do this: about 1 s for each sound, 1.0 GB of memory.";
    assert_eq!((&model, why.as_str()), (&small, expected));
    let (model, why) = chosen(20.0);
    let expected = "“large 8”, the only model that can do this: about 8 s for each sound, 8.0 GB \
                    of memory. Not “small 1”: it makes at most 10 s.";
    assert_eq!((&model, why.as_str()), (&large, expected));
    // With less memory it takes small weights, and then none at all.
    stage.studio.set_limits(Limits { memory_bytes: Some(3_000_000_000) }).unwrap();
    let (_, why) = chosen(20.0);
    assert!(
        why.contains("2.0 GB of memory, with weights of 8 bits, as it does not fit otherwise"),
        "{why}"
    );
    stage.studio.set_limits(Limits { memory_bytes: Some(1_500_000_000) }).unwrap();
    let run = rested(&stage, &start(&stage, vec![step("make", generate(20.0), vec![])]));
    let why = run.steps[0].attempts[0].problem.clone().unwrap().why.unwrap();
    assert!(why.contains("“large 8”: it needs 8.0 GB, and jobs have 1.5 GB"), "{why}");
    // What was kept speaks for its model.
    stage.studio.set_limits(Limits::default()).unwrap();
    let run = rested(
        &stage,
        &start(
            &stage,
            vec![step("make", generate(20.0), vec![]), step("keep", keep("make"), vec![])],
        ),
    );
    assert_eq!(run.state, FlowState::Done);
    let (model, why) = chosen(5.0);
    assert_eq!(model, large);
    assert!(why.starts_with("“large 8”, of which most sounds were kept before (2)"), "{why}");
    let sounds = stage.studio.sounds().unwrap();
    let names: Vec<&str> = sounds.iter().map(|it| it.card.name.as_str()).collect();
    assert!(names.contains(&"Rain 1") && names.contains(&"Rain 2"), "{names:?}");
}

#[test]
fn a_step_that_fails_is_tried_otherwise() {
    let stage = Stage::new();
    model(&stage, "broken 1", 60.0);
    let tired = model(&stage, "tired 2", 60.0);
    let otherwise =
        vec![FlowOtherwise::Again, FlowOtherwise::AnotherModel, FlowOtherwise::FewerSteps];
    let run = rested(&stage, &start(&stage, vec![step("make", generate(5.0), otherwise)]));
    assert_eq!(run.state, FlowState::Done, "{run:?}");
    let attempts = &run.steps[0].attempts;
    let whats: Vec<&str> =
        attempts.iter().map(|it| it.problem.as_ref().map_or("", |it| it.what.as_str())).collect();
    let (broken, worn) = ("“broken 1” could not be loaded.", "“tired 2” could not be loaded.");
    assert_eq!(whats, [broken, broken, worn, ""]);
    assert!(attempts[2].why.starts_with("With another model."), "{}", attempts[2].why);
    assert_eq!(attempts[3].why, "With 10 steps.");
    assert_eq!(attempts[3].model, Some(tired));
    assert_eq!(run.steps[0].knows.sounds.len(), 2);
    // Its jobs come after those that somebody asked for by hand.
    let job = attempts[3].jobs[0].clone();
    assert!(matches!(stage.studio.job(&job).unwrap().state, JobState::Done { .. }));
}

#[test]
fn what_is_stuck_waits_over_a_restart_and_goes_on_as_the_person_says() {
    let mut stage = Stage::new();
    model(&stage, "broken 1", 60.0);
    let steps = vec![step("make", generate(5.0), vec![]), step("keep", keep("make"), vec![])];
    let id = start(&stage, steps);
    assert_eq!(rested(&stage, &id).state, FlowState::Waiting);
    stage.reopen();
    stage.rebuild();
    let waiting = stage.studio.flow_run(&id).unwrap();
    let states: Vec<FlowStepState> = waiting.steps.iter().map(|it| it.state).collect();
    assert_eq!(states, [FlowStepState::Stuck, FlowStepState::Waiting]);
    // In another way, which the person says.
    model(&stage, "whole 1", 60.0);
    let mut work = generate(5.0);
    if let FlowWork::Generate { count, .. } = &mut work {
        *count = 1;
    }
    let say = |step: &str, answer: FlowSay| {
        stage.studio.answer_flow(&id, &FlowAnswer { step: step.to_owned(), answer })
    };
    let unknown: FlowWork =
        serde_json::from_value(serde_json::json!({ "do": "test", "sounds": ["nobody"] })).unwrap();
    let refused = say("make", FlowSay::Retry { work: Some(unknown) }).unwrap_err();
    assert!(refused.to_string().contains("nobody"), "{refused}");
    // The broken one is the faster by its name, and the person has said another: it fails once more.
    say("make", FlowSay::Retry { work: Some(work) }).unwrap();
    let again = rested(&stage, &id);
    assert_eq!(again.state, FlowState::Waiting);
    assert_eq!((again.steps[0].attempts.len(), again.steps[0].n_before), (2, 1));
    say("make", FlowSay::Skip).unwrap();
    let stuck = rested(&stage, &id);
    let problem = stuck.steps[1].attempts[0].problem.clone().unwrap();
    assert_eq!((stuck.state, problem.code.as_str()), (FlowState::Waiting, "no_sounds"));
    say("keep", FlowSay::Skip).unwrap();
    let done = rested(&stage, &id);
    assert_eq!((done.state, &done.steps[0].knows), (FlowState::Done, &FlowKnows::default()));
    stage.studio.delete_flow_run(&id).unwrap();
    assert!(stage.studio.flow_runs(None).unwrap().is_empty());
}

#[test]
fn a_run_that_is_stopped_stops_its_jobs() {
    let stage = Stage::new();
    model(&stage, "small 1", 60.0);
    // Its name tells its worker how to play.
    let again = vec![FlowOtherwise::Again];
    let slow = FlowStep { label: "slow".to_owned(), ..step("make", generate(5.0), again) };
    let id = start(&stage, vec![slow]);
    stage.until(|| !stage.studio.flow_run(&id).unwrap().steps[0].attempts.is_empty()).unwrap();
    let job = stage.studio.flow_run(&id).unwrap().steps[0].attempts[0].jobs[0].clone();
    stage.wait_running(&job);
    assert_eq!(stage.studio.stop_flow(&id).unwrap().state, FlowState::Stopped);
    stage.wait_state(&job, |state| matches!(state, JobState::Stopped { .. }));
    let refused = stage.studio.stop_flow(&id).unwrap_err();
    assert!(refused.to_string().contains("it has ended"), "{refused}");
    // A job that the person stops is not tried otherwise.
    let say = FlowAnswer { step: "make".to_owned(), answer: FlowSay::Retry { work: None } };
    stage.studio.answer_flow(&id, &say).unwrap();
    let n_jobs = |run: &FlowRun| run.steps[0].attempts.len();
    stage.until(|| n_jobs(&stage.studio.flow_run(&id).unwrap()) == 2).unwrap();
    let job = stage.studio.flow_run(&id).unwrap().steps[0].attempts[1].jobs[0].clone();
    stage.wait_running(&job);
    stage.studio.cancel_job(&job).unwrap();
    let run = rested(&stage, &id);
    assert_eq!((run.state, run.steps[0].attempts.len()), (FlowState::Waiting, 2));
    assert_eq!(run.steps[0].attempts[1].problem.clone().unwrap().code, "stopped");
}

#[test]
fn work_that_the_person_gives_is_part_of_the_flow() {
    let stage = Stage::new();
    model(&stage, "broken 1", 60.0);
    let [small, other] = ["small 9", "slow"].map(|it| model(&stage, it, 60.0));
    let with = |model: &Id, prompt: &str| {
        let mut work = generate(5.0);
        if let FlowWork::Generate { model: own, prompt: words, .. } = &mut work {
            *own = Some(model.clone());
            prompt.clone_into(words);
        }
        work
    };
    // One that takes its time, and one that fails at once.
    let steps = vec![
        step("slow", with(&other, "slow"), vec![]),
        step("make", generate(5.0), vec![]),
        step("keep", keep("make"), vec![]),
    ];
    let id = start(&stage, steps);
    let state = |key: &str| {
        let run = stage.studio.flow_run(&id).unwrap();
        run.steps.iter().find(|it| it.key == key).unwrap().state
    };
    stage.until(|| state("make") == FlowStepState::Stuck).unwrap();
    // It uses a step now that is under way, so it waits for that.
    let mut work = with(&small, "{slow.n|rain}");
    if let FlowWork::Generate { prompt, .. } = &mut work {
        "{slow.n|rain}".clone_into(prompt);
    }
    let say = |step: &str, answer: FlowSay| {
        stage.studio.answer_flow(&id, &FlowAnswer { step: step.to_owned(), answer })
    };
    let circle: FlowWork =
        serde_json::from_value(serde_json::json!({ "do": "test", "sounds": ["keep"] })).unwrap();
    let refused = say("make", FlowSay::Retry { work: Some(circle) }).unwrap_err();
    assert!(refused.to_string().contains("in a circle"), "{refused}");
    say("make", FlowSay::Retry { work: Some(work) }).unwrap();
    assert_eq!(state("make"), FlowStepState::Waiting);
    let job = stage.studio.flow_run(&id).unwrap().steps[0].attempts[0].jobs[0].clone();
    // Done again from its beginning, the step under way loses its job.
    stage.wait_running(&job);
    stage.studio.cancel_job(&job).unwrap();
    stage.until(|| state("slow") == FlowStepState::Stuck).unwrap();
    say("slow", FlowSay::Skip).unwrap();
    let done = rested(&stage, &id);
    assert_eq!(done.state, FlowState::Done, "{done:?}");
    assert_eq!(stage.studio.sounds().unwrap().len(), 2);
}

#[test]
fn a_damaged_run_hides_no_other() {
    let mut stage = Stage::new();
    let id = start(&stage, vec![step("make", generate(5.0), vec![])]);
    rested(&stage, &id);
    let bad = stage.workspace().join("flows/runs/bad-000001");
    fs::create_dir(&bad).unwrap();
    fs::write(bad.join("run.json"), "{ \"format\": 1").unwrap();
    // Its steps are not those of its flow: it stands still, and holds up nobody.
    let mut odd = stage.studio.flow_run(&id).unwrap();
    (odd.id, odd.state) = ("odd-000001".parse().unwrap(), FlowState::Running);
    odd.plan.steps.clear();
    let folder = stage.workspace().join("flows/runs/odd-000001");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("run.json"), serde_json::to_string(&odd).unwrap()).unwrap();
    stage.reopen();
    assert_eq!(stage.studio.flow_runs(None).unwrap().len(), 1);
    stage.whole_dataset();
    let place = SoundPlace::File { path: "/x.wav".into() };
    let inputs = BTreeMap::from([("a".to_owned(), serde_json::to_value(place).unwrap())]);
    let plan = stage.studio.flow_run(&id).unwrap().plan;
    let new = NewFlowRun { plan: Some(plan), inputs, flow: None };
    let refused = stage.studio.run_flow(new).unwrap_err();
    assert!(refused.to_string().contains("no input “a”"), "{refused}");
}
