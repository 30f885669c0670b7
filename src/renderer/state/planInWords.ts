/** What a study asks for, in words. Pure. */
import type { Cost } from '#shared/trainingView'
import { counted, inBytes, short } from '../format'

/**
 * What saving a study would ask for: its runs, and how much of them is there.
 *
 * @param isExact as `StudyPreview` has it
 */
export function demandInWords(cost: Cost, isExact: boolean): string {
  const { modular, evidence, left } = cost
  const all = modular.runs + evidence.runs
  const there = all - left.runs
  const total = tokens({ runs: all, tokens: modular.tokens + evidence.tokens })
  const words = `${isExact ? '' : 'At least '}${runs({ runs: all, tokens: 0 })} of ${total}`
  const known = there === 0 ? '' : `, ${there === all ? 'all' : there} of them there already`
  const why = isExact
    ? ''
    : ' How many base units a partition has is known once its text is tokenised: here each is taken for one.'
  return `${words}${known}. ${planInWords(cost)}${why}`
}

/** The proxy's cost and the evidence's apart, beside the naive way. */
export function planInWords({ modular, evidence, naive, mixtures }: Cost): string {
  const proxy = `${runs(modular)} of ${tokens(modular)} give ${counted(mixtures, 'mixture')} a proxy`
  const checked =
    evidence.runs === 0
      ? 'no sequential model checks it'
      : `${counted(evidence.runs, 'sequential model')} of ${tokens(evidence)} ${evidence.runs === 1 ? 'checks' : 'check'} it`
  return `${proxy}; ${checked}. Training every mixture would be ${runs(naive)} of ${tokens(naive)}.`
}

/** What is left takes on disk beside what is free; that it does not fit, where it does not. */
export function diskInWords({ disk: { neededBytes, freeBytes } }: Pick<Cost, 'disk'>): string {
  const fits = neededBytes <= freeBytes
  const words = `What is left keeps ${inBytes(neededBytes)} on disk, ${inBytes(freeBytes)} are free`
  return fits ? `${words}.` : `${words}: free some space first.`
}

function runs({ runs: number }: Cost['naive']): string {
  return counted(number, 'run')
}

function tokens({ tokens: number }: Cost['naive']): string {
  return `${short(number)} tokens`
}
