//! The one sort of the engine: every type that is sorted by the standard library costs kilobytes of code.

use std::collections::BinaryHeap;

/// Sorts numbers in ascending order.
pub fn sort(numbers: &mut Vec<u64>) {
    if numbers.len() > SHORT {
        *numbers = BinaryHeap::from(std::mem::take(numbers)).into_sorted_vec();
        return;
    }
    for at in 1..numbers.len() {
        let (mut hole, number) = (at, numbers[at]);
        while hole > 0 && numbers[hole - 1] > number {
            numbers[hole] = numbers[hole - 1];
            hole -= 1;
        }
        numbers[hole] = number;
    }
}

/// Up to here insertion sort is the quickest.
const SHORT: usize = 24;
