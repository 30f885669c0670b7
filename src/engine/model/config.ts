/** What follows from a decoder's configuration alone; imports no tensors. */
export { PRESETS } from './presets'
export { parameterShapes, validateConfig } from './shapes'
export {
  assertTrainingFits,
  evaluationFlopsPerToken,
  parameterCount,
  trainingFlopsPerToken,
  trainingMemoryBytes
} from './cost'
