//! The settings as `model_config.json` of the original program has them.
//!
//! Source: names and defaults are those of Stability AI's stable-audio-3 (2026), whose published models leave out what
//! is refused here.

use serde_json::Value;

use super::config::{
    AutoencoderConfig, DurationConfig, Layout, LevelConfig, Sight, StableAudioConfig,
    TransformerConfig, even,
};
use super::fields::Fields;
use super::schedule::Schedule;
use super::text::TextConfig;

pub(super) fn parse(json: &Value, text: &Value) -> Result<StableAudioConfig, String> {
    let whole = Fields::of(json)?;
    whole.expect("model_type", &"diffusion_cond".into())?;
    let model = whole.object("model")?;
    let diffusion = model.object("diffusion")?;
    let conditioning = model.object("conditioning")?;
    let (prompt, duration) =
        (condition(&conditioning, "prompt")?, condition(&conditioning, "seconds_total")?);
    prompt.expect("padding_mode", &"learned".into())?;
    if prompt.get("padding_mode").is_none() {
        return Err("padding_mode of the prompt is not `learned`".into());
    }
    prompt.expect("project_out", &false.into())?;
    duration.expect("fourier_features_type", &"expo".into())?;
    let lists = [
        ("cross_attention_cond_ids", vec!["prompt", "seconds_total"]),
        ("global_cond_ids", vec!["seconds_total"]),
        ("local_add_cond_ids", vec!["inpaint_mask", "inpaint_masked_input"]),
        ("input_concat_ids", vec![]),
        ("prepend_cond_ids", vec![]),
        ("modular_local_cond_configs", vec![]),
    ];
    for (name, only) in lists {
        diffusion.expect(name, &only.into())?;
    }
    let rate_hz = whole.count("sample_rate", 44_100)? as u32;
    let pretransform = model.object("pretransform")?;
    if pretransform.number("scale", 1.0)? != 1.0 {
        return Err("scale of the pretransform is not 1".into());
    }
    Ok(StableAudioConfig {
        layout: Layout::Single,
        text: TextConfig::parse(text)
            .map_err(|why| format!("the configuration of T5Gemma cannot be used: {why}"))?,
        n_tokens: prompt.count("max_length", 128)?,
        duration: DurationConfig {
            n_waves: 256,
            range_secs: [duration.number("min_val", 0.0)?, duration.number("max_val", 1.0)?],
            frequencies: [0.5, 10_000.0],
        },
        transformer: transformer(&diffusion.object("config")?)?,
        autoencoder: autoencoder(&pretransform.object("config")?, rate_hz)?,
        schedule: Schedule::of_single(&diffusion)?,
        headroom_secs: 6.0,
    })
}

fn condition<'a>(conditioning: &Fields<'a>, id: &str) -> Result<Fields<'a>, String> {
    let list = conditioning.get("configs").and_then(Value::as_array);
    let found = list.into_iter().flatten().find(|it| it.get("id").is_some_and(|it| it == id));
    let found = found.ok_or_else(|| format!("it has no condition `{id}`"))?;
    Fields::of(found)?.object("config")
}

fn transformer(fields: &Fields<'_>) -> Result<TransformerConfig, String> {
    for (name, only) in [
        ("patch_size", Value::from(1)),
        ("project_cond_tokens", true.into()),
        ("project_global_cond", true.into()),
        ("transformer_type", "continuous_transformer".into()),
        ("global_cond_type", "adaLN".into()),
        ("timestep_cond_type", "global".into()),
        ("timestep_features_type", "expo".into()),
        ("timestep_features_logsnr", false.into()),
        ("norm_type", "rms_norm".into()),
        ("rotary_pos_emb", true.into()),
    ] {
        fields.expect(name, &only)?;
    }
    for name in [
        "input_concat_dim",
        "prepend_cond_dim",
        "cross_attn_rotary_pos_emb",
        "conformer",
        "layer_scale",
        "use_sinusoidal_emb",
        "use_abs_pos_emb",
        "causal",
        "sliding_window",
    ] {
        absent(fields, name)?;
    }
    let attention = fields.object("attn_kwargs")?;
    attention.expect("qk_norm", &"rms".into())?;
    absent(&attention, "feat_scale")?;
    for name in ["norm_type", "timestep_features_type", "global_cond_type"] {
        if fields.get(name).is_none() {
            return Err(format!("{name} is not said"));
        }
    }
    let forward = fields.object("ff_kwargs")?;
    for (name, only) in
        [("glu", true), ("no_bias", false), ("use_conv", false), ("sinusoidal", false)]
    {
        forward.expect(name, &only.into())?;
    }
    let width = fields.count("embed_dim", 768)?;
    let n_heads = fields.count("num_heads", 8)?;
    let n_condition = fields.count("cond_token_dim", 0)?;
    if fields.count("global_cond_dim", 0)? != n_condition {
        return Err("global_cond_dim differs from cond_token_dim".into());
    }
    Ok(TransformerConfig {
        n_latent: fields.count("io_channels", 32)?,
        width,
        depth: fields.count("depth", 12)?,
        n_heads,
        n_condition,
        n_local: fields.count("local_add_cond_dim", 0)?,
        n_waves: fields.count("timestep_features_dim", 256)?,
        n_inner: (width as f64 * forward.number("mult", 4.0)?) as usize,
        n_memory: fields.count("num_memory_tokens", 0)?,
        is_differential: attention.flag("differential", false)?,
        epsilon: fields.object("norm_kwargs")?.number("eps", 1e-5)? as f32,
        head_epsilon: attention.number("qk_norm_eps", 1e-6)? as f32,
        n_rotated: even((width / n_heads.max(1) / 2).max(32)),
    })
}

/// Refuses something that is switched on.
fn absent(fields: &Fields<'_>, name: &str) -> Result<(), String> {
    match fields.get(name) {
        None | Some(Value::Bool(false)) => Ok(()),
        Some(Value::Number(n)) if n.as_f64() == Some(0.0) => Ok(()),
        Some(_) => Err(format!("{name} cannot be used here")),
    }
}

fn autoencoder(fields: &Fields<'_>, rate_hz: u32) -> Result<AutoencoderConfig, String> {
    let encoder = fields.object("encoder")?.object("config")?;
    let decoder_kind = fields.object("decoder")?;
    absent(&decoder_kind, "soft_clip")?;
    let decoder = decoder_kind.object("config")?;
    let patched = fields.object("pretransform")?.object("config")?;
    for (name, only) in [("oversampling", 1), ("postfilter_channels", 0)] {
        patched.expect(name, &only.into())?;
    }
    let bottleneck = fields.object("bottleneck")?.object("config")?;
    bottleneck.expect("auto_scale", &true.into())?;
    absent(&bottleneck, "noise_augment_dim")?;
    for half in [&encoder, &decoder] {
        for name in ["conformer", "layer_scale", "causal", "feat_scale", "cross_attn"] {
            absent(half, name)?;
        }
        half.expect("dyt", &true.into())?;
        half.expect("mapping_bias", &true.into())?;
    }
    for name in [
        "channels",
        "c_mults",
        "strides",
        "transformer_depths",
        "dim_heads",
        "differential",
        "variable_stride",
        "sliding_window",
        "chunk_size",
        "chunk_midpoint_shift",
        "ff_mult",
        "latent_dim",
    ] {
        if encoder.get(name) != decoder.get(name) {
            return Err(format!("{name} of encoder and decoder differ"));
        }
    }
    let levels = levels(&encoder, &decoder)?;
    let taps = |half: &Fields<'_>| -> Result<usize, String> {
        Ok(if half.flag("conv_mapping", false)? { 3 } else { 1 })
    };
    let n_channels = patched.count("channels", 2)?;
    let patch = patched.count("patch_size", 1)?;
    if n_channels.saturating_mul(patch) != levels[0].n_outer {
        return Err("in_channels of the encoder is not a patch of all channels".into());
    }
    if fields.count("io_channels", n_channels)? != n_channels {
        return Err("io_channels is not the number of channels of a patch".into());
    }
    Ok(AutoencoderConfig {
        rate_hz,
        n_channels,
        patch,
        n_latent: encoder.count("latent_dim", 32)?,
        levels,
        taps: [taps(&decoder)?, taps(&encoder)?],
        is_differential: encoder.flag("differential", true)?,
        shares_token: encoder.flag("variable_stride", false)?,
    })
}

fn levels(encoder: &Fields<'_>, decoder: &Fields<'_>) -> Result<Vec<LevelConfig>, String> {
    let channels = encoder.count("channels", 128)?;
    let widths = encoder.counts("c_mults", &[1, 2, 4, 8])?;
    let strides = encoder.counts("strides", &[2, 4, 8, 8])?;
    let depths = encoder.counts("transformer_depths", &[3, 3, 3, 3])?;
    let n = widths.len();
    let sines = decoder.counts("sinusoidal_blocks", &[0].repeat(n))?;
    if n == 0 || strides.len() != n || depths.len() != n || sines.len() != n {
        return Err("there are other strides, depths or sinusoidal blocks than widths".into());
    }
    // The encoder hands this on to every level alike.
    let of_encoder = encoder.count("sinusoidal_blocks", 0)?;
    let window = match encoder.get("sliding_window") {
        None => None,
        Some(_) => match encoder.counts("sliding_window", &[])?[..] {
            [a, b] if a == b => Some(a),
            _ => return Err("sliding_window is not as wide to both sides".into()),
        },
    };
    let chunk = encoder.count("chunk_size", 128)?;
    let is_shifted = encoder.flag("chunk_midpoint_shift", false)?;
    let (dim_heads, mult) = (encoder.count("dim_heads", 128)?, encoder.number("ff_mult", 3.0)?);
    let mut n_outer = encoder.count("in_channels", 2)?;
    if decoder.count("out_channels", 2)? != n_outer {
        return Err("out_channels of the decoder are not in_channels of the encoder".into());
    }
    let mut levels = vec![];
    for (((times, stride), depth), sines) in widths.iter().zip(&strides).zip(&depths).zip(&sines) {
        let width = channels.saturating_mul(*times);
        let stride = (*stride).max(1);
        let sight = match window {
            Some(n) => Sight::Band(n),
            None if chunk % stride == 0 => Sight::Pieces { n: chunk / stride, is_shifted },
            None => return Err("chunk_size is no multiple of every stride".into()),
        };
        levels.push(LevelConfig {
            n_outer,
            width,
            stride,
            depth: *depth,
            head_dim: dim_heads.min(width),
            n_inner: (width as f64 * mult) as usize,
            n_sines: [of_encoder, *sines],
            sight,
        });
        n_outer = width;
    }
    Ok(levels)
}
