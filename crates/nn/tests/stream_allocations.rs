//! Once an engine is set up, playing neither takes nor gives back memory: an allocation can make a
//! sound card wait.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use nn::stream::{Activation, Branch, Conv, Engine, GruLayer, Layer, Learning, Noise, Precision};
use nn::stream::{PowerSpectrum, Statistics, Transfer, Upsample};

/// The system's allocator, which counts what it is asked.
struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator is unsafe to implement")]
// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        CALLS.fetch_add(1, Ordering::SeqCst);
        // SAFETY: the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn conv(channels: [usize; 2], kernel: usize, stride: usize) -> Layer {
    let [channels_in, channels_out] = channels;
    Layer::Conv(Conv {
        weight: vec![0.1; channels_in * channels_out * kernel],
        bias: vec![0.1; channels_out],
        channels_in,
        channels_out,
        kernel,
        stride,
        dilation: 1,
        groups: 1,
        padding: ((kernel - 1) / 2, kernel / 2),
        delay: Conv::stride_delay(stride, kernel / 2, 0),
    })
}

/// One of every layer that makes sound.
fn layers() -> Vec<Layer> {
    let leaky = || Layer::Activate(Activation::Leaky(0.2));
    let known = Statistics { n_blocks: 1.0, ..Statistics::unknown(6) };
    let gru = GruLayer {
        weight_input: vec![0.1; 18 * 6],
        weight_hidden: vec![0.1; 18 * 6],
        bias_input: vec![0.1; 18],
        bias_hidden: vec![0.1; 18],
    };
    let noise = Noise {
        layers: vec![conv([4, 4 * 5], 3, 4)],
        channels: 4,
        response: vec![0.1; 5 * 4],
        n_block: 4,
    };
    vec![
        conv([1, 4], 33, 4),
        Layer::Mirror { n_band: 4 },
        conv([4, 6], 7, 1),
        Layer::Transfer(Transfer { source: known.clone(), target: known }),
        Layer::Residual { delay: 1, layers: vec![leaky(), conv([6, 6], 3, 1)] },
        Layer::Activate(Activation::Snake(vec![1.0; 6])),
        conv([6, 6], 8, 4),
        Layer::Gru(vec![gru]),
        Layer::Affine { scale: vec![0.5; 6], shift: vec![0.1; 6] },
        Layer::Upsample(Upsample {
            weight: vec![0.1; 6 * 4 * 8],
            bias: vec![],
            channels_in: 6,
            channels_out: 4,
            stride: 4,
        }),
        Layer::Sum(vec![
            Branch { delay: 0, layers: vec![conv([4, 8], 7, 1), Layer::Gate] },
            Branch { delay: 3, layers: vec![Layer::Noise(noise)] },
            Branch {
                delay: 1,
                layers: vec![Layer::Product(vec![
                    Branch { delay: 0, layers: vec![Layer::Activate(Activation::Tanh)] },
                    Branch { delay: 0, layers: vec![conv([4, 1], 3, 1)] },
                ])],
            },
        ]),
        Layer::Unfold { groups: 2 },
    ]
}

#[test]
fn playing_takes_no_memory() {
    check(&layers(), 256);
    let spectrum = Layer::PowerSpectrum(PowerSpectrum { n_fft: 64, hop: 16 });
    check(&[spectrum, Layer::Activate(Activation::LogOnePlus)], 256 / 16 * 33);
}

/// Plays blocks of all sizes; `n_first` numbers are made of the first.
fn check(layers: &[Layer], n_first: usize) {
    let mut engine = Engine::new(layers, 1, 256, Precision::Float32);
    let sound: Vec<f32> = (0..256).map(|i| (i % 17) as f32 / 17.0).collect();
    let mut state = 1u32;
    let mut uniform = |values: &mut [f32]| {
        values.fill_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0
        });
    };
    // What is found out once for the whole program, such as the kind of CPU.
    assert_eq!(engine.process(&sound, &mut uniform).len(), n_first);
    let before = CALLS.load(Ordering::SeqCst);
    let mut n_out = 0;
    for block in [256, 16, 1, 64, 100, 256] {
        n_out += engine.process(&sound[..block], &mut uniform).len();
        engine.learn(Learning { source: block == 64, target: block == 100 });
    }
    engine.reset();
    engine.forget_source();
    engine.forget_target();
    n_out += engine.process(&sound, &mut uniform).len();
    let after = CALLS.load(Ordering::SeqCst);
    assert!(n_out > 0);
    assert_eq!(after - before, 0, "calls of the allocator");
}
