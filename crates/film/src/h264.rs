//! H.264 by OpenH264, as an MP4 wants it: samples whose units carry their length, parameter sets apart.

use openh264::{
    OpenH264API,
    encoder::{
        Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile,
        QpRange, RateControlMode, SpsPpsStrategy, UsageType, VuiConfig,
    },
    formats::YUVSlices,
};

use crate::Error;

/// An encoder of one film, on the calling thread.
pub(crate) struct H264 {
    encoder: Encoder,
    width: usize,
    height: usize,
    parameters: Option<Parameters>,
}

/// What a decoder needs before the first sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// The sequence parameter set: profile, level, size, colours.
    pub(crate) sps: Vec<u8>,
    /// The picture parameter set.
    pub(crate) pps: Vec<u8>,
}

/// Types of units. Source: ITU-T H.264, table 7-1.
const SPS: u8 = 7;
const PPS: u8 = 8;

impl H264 {
    /// An encoder with a fixed quantiser (0 to 51, less is finer) and a keyframe every so many frames.
    ///
    /// The quantiser is fixed because arcade pictures cost little at any quality: there is no rate to keep. The mode
    /// that controls the rate by a buffer, which it never asks for, does so at the least cost. What the encoder offers
    /// for cameras takes time, and flat pictures gain nothing: of 640x840 it encodes 880 frames a second like this,
    /// 790 with background detection and adaptive quantisation, 660 at medium complexity, all of the same size. Its
    /// mode for screens saves a tenth of the bytes and is seven times slower. Where `nasm` was there when it was built,
    /// it encodes twice as fast.
    pub(crate) fn new(
        width: usize,
        height: usize,
        frames_per_sec: u32,
        quantiser: u8,
    ) -> Result<Self, Error> {
        let config = EncoderConfig::new()
            .profile(Profile::High)
            .usage_type(UsageType::CameraVideoRealTime)
            .complexity(Complexity::Low)
            .rate_control_mode(RateControlMode::Bufferbased)
            .qp(QpRange::new(quantiser, quantiser))
            .max_frame_rate(FrameRate::from_hz(frames_per_sec as f32))
            .intra_frame_period(IntraFramePeriod::from_num_frames(
                frames_per_sec * KEYFRAME_EVERY_SECS,
            ))
            .sps_pps_strategy(SpsPpsStrategy::ConstantId)
            .skip_frames(false)
            .scene_change_detect(false)
            .adaptive_quantization(false)
            .background_detection(false)
            .num_threads(1)
            .vui(VuiConfig::bt709());
        let encoder =
            Encoder::with_api_config(OpenH264API::from_source(), config).map_err(Error::Encoder)?;
        Ok(Self { encoder, width, height, parameters: None })
    }

    /// Encodes the next frame, Y, U and V, into `sample`. Says whether decoding can start with it.
    ///
    /// # Errors
    /// [`Error::Encoder`] and [`Error::Stream`], after which nothing more can be encoded.
    pub(crate) fn encode(
        &mut self,
        (y, u, v): (&[u8], &[u8], &[u8]),
        sample: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        sample.clear();
        let (width, height) = (self.width, self.height);
        let planes = YUVSlices::new((y, u, v), (width, height), (width, width / 2, width / 2));
        let stream = self.encoder.encode(&planes).map_err(Error::Encoder)?;
        let mut parameters = (None, None);
        for layer in (0..stream.num_layers()).filter_map(|i| stream.layer(i)) {
            for unit in (0..layer.nal_count()).filter_map(|i| layer.nal_unit(i)) {
                let unit = without_start_code(unit)?;
                match unit[0] & 0x1f {
                    SPS => parameters.0 = Some(unit.to_vec()),
                    PPS => parameters.1 = Some(unit.to_vec()),
                    _ => {
                        sample.extend((unit.len() as u32).to_be_bytes());
                        sample.extend(unit);
                    }
                }
            }
        }
        let is_keyframe = stream.frame_type() == FrameType::IDR;
        if sample.is_empty() {
            return Err(Error::Stream("the encoder left a frame out"));
        }
        if let (Some(sps), Some(pps)) = parameters {
            let new = Parameters { sps, pps };
            let known = self.parameters.get_or_insert_with(|| new.clone());
            if *known != new {
                return Err(Error::Stream("the encoder changed its parameters"));
            }
        }
        Ok(is_keyframe)
    }

    /// The parameter sets; there from the first frame on.
    pub(crate) fn parameters(&self) -> Option<&Parameters> {
        self.parameters.as_ref()
    }
}

/// Players can jump to keyframes, and wait for the frames from one to where they jump.
pub(crate) const KEYFRAME_EVERY_SECS: u32 = 2;

/// A unit of a byte stream without the zeros and the one before it. Source: ITU-T H.264, annex B.
fn without_start_code(unit: &[u8]) -> Result<&[u8], Error> {
    let end = unit.iter().position(|byte| *byte != 0).unwrap_or(unit.len());
    match unit.get(end..) {
        Some([1, rest @ ..]) if end >= 2 && !rest.is_empty() => Ok(rest),
        _ => Err(Error::Stream("the encoder returned a unit without a start code")),
    }
}
