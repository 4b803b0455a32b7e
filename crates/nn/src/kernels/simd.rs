//! Vectors of `f32` as wide as the CPU has them, chosen when the program runs.
//!
//! A kernel is written once over [`Vector`] as an `#[inline(always)]` function and compiled several
//! times, each inside a function that switches the instructions on; [`level`] says which of them to
//! call. Nothing depends on how the program was compiled.
#![expect(unsafe_code, reason = "the CPU's vector instructions are reached through std::arch")]

#[cfg(target_arch = "aarch64")]
use std::arch::aarch64 as arch;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64 as arch;

/// A set of instructions that this CPU has: only [`levels`] and [`level`] make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

/// Every level that this CPU has, the best first.
pub(crate) fn levels() -> Vec<Level> {
    let mut levels = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512dq")
            && std::arch::is_x86_feature_detected!("avx512vl")
        {
            levels.push(Level::Avx512);
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
        {
            levels.push(Level::Avx2);
        }
    }
    #[cfg(target_arch = "aarch64")]
    levels.push(Level::Neon);
    levels.push(Level::Portable);
    levels
}

/// The best level of this CPU.
pub(crate) fn level() -> Level {
    static BEST: std::sync::OnceLock<Level> = std::sync::OnceLock::new();
    *BEST.get_or_init(|| levels()[0])
}

/// Some `f32` next to each other.
///
/// # Safety
/// Every function may only run on a CPU that has the instructions of the type; pointers must be valid
/// for [`Self::LANES`] elements, of any alignment.
pub(crate) trait Vector: Copy {
    /// How many.
    const LANES: usize;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// Whole numbers of 16 bits, as they are.
    unsafe fn load_i16(from: *const i16) -> Self;
    /// Whole numbers of 8 bits, as they are.
    unsafe fn load_i8(from: *const i8) -> Self;
    /// `self + a * b`, rounded once where the CPU can.
    unsafe fn add_product(self, a: Self, b: Self) -> Self;
    /// The sum of all lanes.
    unsafe fn sum(self) -> f32;

    /// Adds the sum of each vector to the number in its place; `to` must be valid for `M` of them.
    #[inline(always)]
    unsafe fn add_sums<const M: usize>(vectors: [Self; M], to: *mut f32) {
        for (i, vector) in vectors.into_iter().enumerate() {
            // SAFETY: the caller vouches for the CPU and the pointer.
            unsafe { *to.add(i) += vector.sum() };
        }
    }
}

macro_rules! vector {
    ($name:ident($registers:ident), $lanes:literal, $splat:ident, $load:ident, $store:ident,
     |$from:ident| $load_i16:expr, |$from8:ident| $load_i8:expr,
     |$c:ident, $a:ident, $b:ident| $add_product:expr, |$v:ident| $sum:expr $(, $more:item)?) => {
        #[derive(Clone, Copy)]
        pub(crate) struct $name(arch::$registers);

        impl Vector for $name {
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: the caller vouches for the CPU.
                Self(unsafe { arch::$splat(value) })
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller vouches for the CPU and the pointer.
                Self(unsafe { arch::$load(from) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the caller vouches for the CPU and the pointer.
                unsafe { arch::$store(to, self.0) }
            }

            #[inline(always)]
            unsafe fn load_i16($from: *const i16) -> Self {
                // SAFETY: the caller vouches for the CPU and the pointer.
                Self(unsafe { $load_i16 })
            }

            #[inline(always)]
            unsafe fn load_i8($from8: *const i8) -> Self {
                // SAFETY: the caller vouches for the CPU and the pointer.
                Self(unsafe { $load_i8 })
            }

            #[inline(always)]
            unsafe fn add_product(self, a: Self, b: Self) -> Self {
                let ($c, $a, $b) = (self.0, a.0, b.0);
                // SAFETY: the caller vouches for the CPU.
                Self(unsafe { $add_product })
            }

            #[inline(always)]
            unsafe fn sum(self) -> f32 {
                let $v = self.0;
                // SAFETY: the caller vouches for the CPU.
                unsafe { $sum }
            }

            $($more)?
        }
    };
}

#[cfg(target_arch = "x86_64")]
vector!(
    Avx512(__m512),
    16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    |from| arch::_mm512_cvtepi32_ps(arch::_mm512_cvtepi16_epi32(arch::_mm256_loadu_si256(
        from.cast()
    ))),
    |from| arch::_mm512_cvtepi32_ps(arch::_mm512_cvtepi8_epi32(arch::_mm_loadu_si128(from.cast()))),
    |c, a, b| arch::_mm512_fmadd_ps(a, b, c),
    |v| arch::_mm512_reduce_add_ps(v),
    #[inline(always)]
    unsafe fn add_sums<const M: usize>(vectors: [Self; M], to: *mut f32) {
        // SAFETY: the caller vouches for the CPU and the pointer.
        unsafe {
            if M == 8 {
                let v: [arch::__m512; 8] = std::array::from_fn(|i| vectors[i % M].0);
                let sums = sums_of_8(v);
                arch::_mm256_storeu_ps(to, arch::_mm256_add_ps(arch::_mm256_loadu_ps(to), sums));
            } else {
                for (i, vector) in vectors.into_iter().enumerate() {
                    *to.add(i) += vector.sum();
                }
            }
        }
    }
);

/// The sums of eight vectors in 24 instructions, where eight sums one by one take eighty.
///
/// # Safety
/// Only for CPUs with AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn sums_of_8(v: [arch::__m512; 8]) -> arch::__m256 {
    // SAFETY: the caller vouches for the CPU.
    unsafe {
        // First inside each quarter: after this, quarter q of `four(a, b, c, d)` holds the sums of
        // quarter q of a, b, c and d.
        let two = |a, b| {
            arch::_mm512_add_ps(arch::_mm512_unpacklo_ps(a, b), arch::_mm512_unpackhi_ps(a, b))
        };
        let four = |a, b, c, d| {
            let (ab, cd) = (arch::_mm512_castps_pd(two(a, b)), arch::_mm512_castps_pd(two(c, d)));
            let (low, high) = (arch::_mm512_unpacklo_pd(ab, cd), arch::_mm512_unpackhi_pd(ab, cd));
            arch::_mm512_add_ps(arch::_mm512_castpd_ps(low), arch::_mm512_castpd_ps(high))
        };
        let (abcd, efgh) = (four(v[0], v[1], v[2], v[3]), four(v[4], v[5], v[6], v[7]));
        // Then across the quarters.
        let halves = arch::_mm512_add_ps(
            arch::_mm512_shuffle_f32x4(abcd, efgh, 0b01_00_01_00),
            arch::_mm512_shuffle_f32x4(abcd, efgh, 0b11_10_11_10),
        );
        let whole = arch::_mm512_add_ps(
            arch::_mm512_shuffle_f32x4(halves, halves, 0b10_00_10_00),
            arch::_mm512_shuffle_f32x4(halves, halves, 0b11_01_11_01),
        );
        arch::_mm512_castps512_ps256(whole)
    }
}

#[cfg(target_arch = "x86_64")]
vector!(
    Avx2(__m256),
    8,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    |from| arch::_mm256_cvtepi32_ps(arch::_mm256_cvtepi16_epi32(arch::_mm_loadu_si128(
        from.cast()
    ))),
    |from| arch::_mm256_cvtepi32_ps(arch::_mm256_cvtepi8_epi32(arch::_mm_loadl_epi64(from.cast()))),
    |c, a, b| arch::_mm256_fmadd_ps(a, b, c),
    |v| {
        let four =
            arch::_mm_add_ps(arch::_mm256_castps256_ps128(v), arch::_mm256_extractf128_ps(v, 1));
        let two = arch::_mm_add_ps(four, arch::_mm_movehl_ps(four, four));
        arch::_mm_cvtss_f32(arch::_mm_add_ss(two, arch::_mm_shuffle_ps(two, two, 1)))
    }
);

#[cfg(target_arch = "aarch64")]
vector!(
    Neon(float32x4_t),
    4,
    vdupq_n_f32,
    vld1q_f32,
    vst1q_f32,
    |from| arch::vcvtq_f32_s32(arch::vmovl_s16(arch::vld1_s16(from))),
    |from| {
        let four = u64::from(from.cast::<u32>().read_unaligned());
        let words = arch::vmovl_s8(arch::vcreate_s8(four));
        arch::vcvtq_f32_s32(arch::vmovl_s16(arch::vget_low_s16(words)))
    },
    |c, a, b| arch::vfmaq_f32(c, a, b),
    |v| arch::vaddvq_f32(v)
);

/// Four numbers for a CPU that we know nothing about.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; 4]);

impl Vector for Portable {
    const LANES: usize = 4;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for the pointer.
        Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for the pointer.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn load_i16(from: *const i16) -> Self {
        // SAFETY: the caller vouches for the pointer.
        Self(unsafe { from.cast::<[i16; 4]>().read_unaligned() }.map(f32::from))
    }

    #[inline(always)]
    unsafe fn load_i8(from: *const i8) -> Self {
        // SAFETY: the caller vouches for the pointer.
        Self(unsafe { from.cast::<[i8; 4]>().read_unaligned() }.map(f32::from))
    }

    #[inline(always)]
    unsafe fn add_product(self, a: Self, b: Self) -> Self {
        let ([c0, c1, c2, c3], [a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, a.0, b.0);
        Self([c0 + a0 * b0, c1 + a1 * b1, c2 + a2 * b2, c3 + a3 * b3])
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        (self.0[0] + self.0[2]) + (self.0[1] + self.0[3])
    }
}

/// Compiles a loop once for each level of CPU and calls the best: what is in the body becomes vector
/// instructions as far as the compiler can.
macro_rules! on_every_level {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) $(-> $out:ty)? $body:block) => {
        $(#[$meta])*
        $visibility fn $name($($argument: $type),*) $(-> $out)? {
            #[inline(always)]
            fn anywhere($($argument: $type),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,avx512vl")]
            fn on_avx512($($argument: $type),*) $(-> $out)? {
                anywhere($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn on_avx2($($argument: $type),*) $(-> $out)? {
                anywhere($($argument),*)
            }

            match $crate::kernels::simd::level() {
                // SAFETY: only a CPU that has these instructions has this level.
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::simd::Level::Avx512 => unsafe { on_avx512($($argument),*) },
                // SAFETY: only a CPU that has these instructions has this level.
                #[cfg(target_arch = "x86_64")]
                $crate::kernels::simd::Level::Avx2 => unsafe { on_avx2($($argument),*) },
                #[cfg(target_arch = "aarch64")]
                $crate::kernels::simd::Level::Neon => anywhere($($argument),*),
                $crate::kernels::simd::Level::Portable => anywhere($($argument),*),
            }
        }
    };
}
pub(crate) use on_every_level;
