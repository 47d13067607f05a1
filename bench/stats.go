package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// quantile is the value below which q of the values lie; NaN if there is none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	at := q * float64(len(s)-1)
	low := int(at)
	if low+1 == len(s) {
		return s[low]
	}
	return s[low] + (at-float64(low))*(s[low+1]-s[low])
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// resamples is how often the rounds are drawn anew for an interval.
const resamples = 2000

// estimate is a median over rounds and the interval that holds it in 95 of 100
// bootstrap samples.
type estimate struct{ value, low, high float64 }

// estimateOf leaves out rounds that have no value. The same values give the same interval.
func estimateOf(values []float64) estimate {
	values = slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(values) == 0 {
		return estimate{math.NaN(), math.NaN(), math.NaN()}
	}
	draw := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secret
	medians := make([]float64, resamples)
	sample := make([]float64, len(values))
	for i := range medians {
		for k := range sample {
			sample[k] = values[draw.IntN(len(values))]
		}
		medians[i] = median(sample)
	}
	return estimate{median(values), quantile(medians, 0.025), quantile(medians, 0.975)}
}
