/** What follows from a decoder's configuration alone; imports no tensors. */
export { PRESETS } from './presets'
export { parameterShapes, validateConfig } from './shapes'
export {
  describePresets,
  evaluationFlopsPerToken,
  evaluationMemoryBytes,
  evaluationsThatFit,
  largestTrainable,
  parameterCount,
  trainingFlopsPerToken,
  trainingMemoryBytes,
  trainingsThatFit
} from './cost'
export type { PresetSize } from './cost'
