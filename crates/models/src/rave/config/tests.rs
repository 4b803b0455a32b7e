//! Settings: composition, contradictions, older files.

use api::Origin;

use super::*;

fn resolved(
    preset: &str,
    switches: &[&str],
    overrides: &Value,
) -> Result<Config, Vec<FieldProblem>> {
    let switches: Vec<String> = switches.iter().map(|&name| name.into()).collect();
    let overrides = overrides.as_object().unwrap().clone().into_iter().collect();
    let settings = resolve(preset, &switches, &overrides)?.settings;
    Ok(Config::from_settings(&settings).expect("what was resolved can be read"))
}

#[test]
fn every_preset_and_switch_is_right_and_names_only_knobs_that_exist() {
    let family = family();
    let defaults: BTreeMap<String, Value> =
        knobs().into_iter().map(|knob| (knob.key, knob.default)).collect();
    for preset in &family.presets {
        let settings = resolve(&preset.name, &[], &BTreeMap::new()).unwrap().settings;
        assert_eq!(Config::from_settings(&settings).unwrap().to_settings(), settings);
        for (key, value) in &preset.settings {
            assert_ne!(defaults.get(key), Some(value), "{} of {}", key, preset.name);
        }
        let first = preset.settings.get("architecture") == Some(&json!("v1"));
        for switch in &family.switches {
            assert!(
                switch.settings.keys().all(|key| defaults.contains_key(key)),
                "{}",
                switch.name
            );
            let only_second = ["snake", "adain"].contains(&switch.name.as_str());
            let result =
                resolve(&preset.name, std::slice::from_ref(&switch.name), &BTreeMap::new());
            assert_eq!(result.is_ok(), !(first && only_second), "{} {}", preset.name, switch.name);
        }
    }
}

#[test]
fn later_layers_win_and_origins_say_who_won() {
    let settings = json!({ "latent_size": 8 }).as_object().unwrap().clone().into_iter().collect();
    let switches = ["wasserstein".to_owned(), "spherical".to_owned()];
    let composition = resolve("v2", &switches, &settings).unwrap();
    let check = |key: &str, value: Value, origin: Origin| {
        assert_eq!(composition.settings[key], value, "{key}");
        assert_eq!(composition.origins[key], origin, "{key}");
    };
    check("latent_size", json!(8), Origin::Setting);
    check("regularization", json!("spherical"), Origin::Switch { name: "spherical".into() });
    check("beta", json!(100.0), Origin::Switch { name: "wasserstein".into() });
    check("capacity", json!(96), Origin::Preset);
    check("kernel_size", json!(3), Origin::Default);
}

#[test]
fn knobs_have_keys_of_their_own_and_whole_sentences() {
    let knobs = knobs();
    for knob in &knobs {
        assert_eq!(knobs.iter().filter(|other| other.key == knob.key).count(), 1);
        assert!(knob.help.ends_with('.'), "{}", knob.key);
    }
}

/// Help texts use the field's terms; a setting's range and default are shown from its knob.
#[test]
fn help_speaks_the_words_of_the_field() {
    let family = family();
    let knobs = family.knobs.iter().map(|it| (&it.key, &it.title, &it.help));
    let switches = family.switches.iter().map(|it| (&it.name, &it.group, &it.summary));
    let presets = family.presets.iter().map(|it| (&it.name, &it.title, &it.summary));
    for (name, title, help) in knobs.chain(switches).chain(presets) {
        let text = format!("{title} {help}").to_lowercase();
        for word in ["curve", "default", "between 0", "processor"] {
            assert!(!text.contains(word), "{name} says «{word}»: {text}");
        }
        assert!(help.ends_with('.') && help.len() < 300, "{name}: {help}");
    }
}

#[test]
fn a_setting_out_of_range_is_told_its_range() {
    let problems = resolved("v2_small", &[], &json!({ "batch_size": 65 })).unwrap_err();
    assert_eq!(problems[0].message, "must be between 1 and 64");
    assert_eq!(problems[0].suggestion, Some(json!(64)));
}

#[test]
fn wrong_settings_are_refused_by_their_keys() {
    let check = |preset: &str, overrides: Value, keys: &[&str]| {
        let problems = resolved(preset, &[], &overrides).unwrap_err();
        let found: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(found, keys, "{overrides:?}");
    };
    check("v2_small", json!({ "capacity": 0 }), &["capacity"]);
    check("v2_small", json!({ "Capacity": 8 }), &["Capacity"]);
    check("v2_small", json!({ "capacity": 0, "latent": 8 }), &["latent", "capacity"]);
    check("v2_small", json!({ "ratios": "3,2" }), &["ratios", "noise_ratios", "n_signal"]);
    // Only the first architecture has stages that keep the rate.
    check("v2_small", json!({ "ratios": [4, 4, 2, 1] }), &["ratios"]);
    check("v2_small", json!({ "decoder_ratios": [4, 4, 2, 1] }), &["decoder_ratios"]);
    check("brave", json!({ "ratios": [3, 2, 2, 1], "n_signal": 98_304 }), &["ratios"]);
    check("brave", json!({ "ratios": [1, 1] }), &["ratios"]);
    check("v2_small", json!({ "n_signal": 131_088 }), &["n_signal"]);
    check("v2_small", json!({ "n_signal": 20_480 }), &["n_signal"]);
    check("v2_small", json!({ "kernel_size": 4 }), &["kernel_size"]);
    check("v2_small", json!({ "n_band": 12, "n_signal": 122_880 }), &["n_band"]);
    check("v2_small", json!({ "noise_ratios": [7] }), &["noise_ratios"]);
    check("v2_small", json!({ "ratios": [2, 2, 2, 2, 2, 2], "capacity": 200 }), &["capacity"]);
    check("v2_small", json!({ "decoder_ratios": [4, 2, 2] }), &["decoder_ratios"]);
    check(
        "v2_small",
        json!({ "discriminator_periods": [], "discriminator_scales": 0 }),
        &["discriminator_scales"],
    );
    check("v1", json!({ "activation": "snake", "gru_layers": 1 }), &["activation", "gru_layers"]);
    check("huge", json!({}), &["preset"]);
    assert_eq!(resolved("v2", &["loud"], &json!({})).unwrap_err()[0].key, "switches");
}

#[test]
fn mistyped_names_and_values_get_the_one_that_was_meant() {
    let problem = |preset: &str, switches: &[&str], overrides: Value| {
        resolved(preset, switches, &overrides).unwrap_err().remove(0)
    };
    let check = |found: api::FieldProblem, expected: &str| {
        assert!(found.message.contains(expected), "{found:?}");
    };
    check(problem("v2", &[], json!({ "capasity": 8 })), "did you mean `capacity`?");
    check(problem("v2", &[], json!({ "batchsize": 8 })), "did you mean `batch_size`?");
    check(problem("v2", &[], json!({ "volume": 8 })), "there is no such setting");
    check(problem("v2", &["casual"], json!({})), "did you mean `causal`?");
    check(problem("v2", &["loud"], json!({})), "choose one of");
    let value = problem("v2", &[], json!({ "padding": "casual" }));
    assert_eq!(value.suggestion, Some(json!("causal")), "{value:?}");
}

#[test]
fn settings_of_an_older_file_get_defaults_for_what_they_lack() {
    let config = Config::from_settings(&json!({ "capacity": 8 })).unwrap();
    assert_eq!((config.capacity, config.latent_size), (8, 128));
    assert!(Config::from_settings(&json!([])).is_err());
}

/// Models of the first architecture were stored with dilations that only the second used.
#[test]
fn an_older_file_of_the_first_architecture_keeps_its_dilations() {
    let mut older = resolve("v1", &[], &BTreeMap::new()).unwrap().settings;
    assert_eq!(older["dilations"], json!([1, 3, 9]));
    older.as_object_mut().unwrap().remove("stack_dilations").unwrap();
    assert_eq!(Config::from_settings(&older).unwrap().stack_dilations, [1, 3, 5]);
}
