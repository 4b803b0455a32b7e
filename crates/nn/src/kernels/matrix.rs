//! Products of strided matrices, by the `gemm` crate (AVX2, AVX-512 or NEON by what the CPU has).
#![expect(unsafe_code, reason = "the gemm crate takes raw pointers")]

/// A matrix inside a slice: element (row, column) is `values[row * row_stride + column * column_stride]`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

/// `out[rows, columns] (+)= left[rows, inner] · right[inner, columns]`; rows of `out` are `out_stride` apart.
pub(crate) fn multiply(
    [rows, inner, columns]: [usize; 3],
    out: &mut [f32],
    out_stride: usize,
    is_added: bool,
    left: Matrix<'_>,
    right: Matrix<'_>,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    let last = |rows: usize, columns: usize, row_stride: usize, column_stride: usize| {
        (rows.max(1) - 1) * row_stride + (columns.max(1) - 1) * column_stride
    };
    assert!(out_stride >= columns && out.len() > last(rows, columns, out_stride, 1));
    assert!(left.values.len() > last(rows, inner, left.row_stride, left.column_stride));
    assert!(right.values.len() > last(inner, columns, right.row_stride, right.column_stride));
    // SAFETY: the assertions above keep every element that gemm touches inside its slice, and `out`
    // is borrowed mutably, so it does not overlap the inputs.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            out.as_mut_ptr(),
            1,
            out_stride as isize,
            is_added,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
