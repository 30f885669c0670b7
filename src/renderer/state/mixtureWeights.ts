/** Weights of a mixture that is built by hand, by member; those that weigh nothing are left out. Pure. */

export type MixtureWeights = Readonly<Record<string, number>>

/** What is wrong with a weight that is typed, in words; null: nothing. Empty is no weight either. */
export function whyNoWeight(text: string): string | null {
  const weight = text.trim() === '' ? NaN : Number(text)
  if (weight > 0 && Number.isFinite(weight)) return null
  return 'a weight is above 0; remove the partition with its cell'
}

/** The weights where some members weigh so much together, each alike; 0 takes them out. */
export function withWeight(
  weights: MixtureWeights,
  members: readonly string[],
  weight: number
): MixtureWeights {
  const next = { ...weights }
  for (const member of members) {
    if (weight > 0) next[member] = weight / members.length
    else delete next[member]
  }
  return next
}
