/** What the device can do: which backends run, whether they compute rightly, how fast. */
import { chooseBackend, listBackends } from '#engine/backends/choose'
import { measureMatmulRate } from '#engine/backends/measureMatmulRate'
import { benchEvaluation } from '#engine/evaluation/benchEvaluation'
import { benchMerging } from '#engine/merging/benchMerging'
import { verifyDevice } from '#engine/model/verify'
import { parameterCount } from '#engine/model/config'
import { benchEnsemble, benchSearch } from '#engine/proxies/benchProxies'
import { benchBootstrap } from '#engine/proxies/benchBootstrap'
import { benchTokenizing } from '#engine/tokenizer/benchTokenizing'
import { benchTraining } from '#engine/training/benchTraining'
import type { BackendReport, BenchJob, BenchResult, ComputeDevice, DeviceCheck } from './jobs'

/** Asks every backend whether it runs here, and measures those that do. */
export async function probeBackends(): Promise<BackendReport[]> {
  const reports: BackendReport[] = []
  for (const backend of listBackends()) {
    const reason = await backend.probe()
    if (reason !== null) {
      reports.push({
        name: backend.name,
        usable: false,
        reason,
        device: null,
        isGpu: false,
        memoryBytes: null,
        version: null,
        gflops: null
      })
      continue
    }
    const { device } = await backend.activate()
    reports.push({
      name: backend.name,
      usable: true,
      reason: null,
      device: device.name,
      isGpu: device.isGpu,
      memoryBytes: device.memoryBytes,
      version: device.version,
      gflops: await measureMatmulRate()
    })
  }
  return reports
}

/** Says what would train. */
export async function findDevice(): Promise<ComputeDevice> {
  const { device } = await (await chooseBackend()).activate()
  return { name: device.name, isGpu: device.isGpu }
}

/** Runs the conformance suite on the backend that would train. */
export async function verifyBackend(): Promise<DeviceCheck[]> {
  const { kernels } = await (await chooseBackend()).activate()
  return verifyDevice(kernels)
}

/** What needs no tensors: one thread of plain JavaScript. */
const PLAIN = { backend: 'JavaScript', threads: 1 }

const PLAIN_WORK = { ensemble: benchEnsemble, search: benchSearch, bootstrap: benchBootstrap }

/** Measures training, evaluation, averaging, tokenising or evidence at a given shape. */
export async function benchDevice(job: BenchJob): Promise<BenchResult> {
  if (job.what === 'tokenize') return benchTokenizing(job)
  if (job.what === 'ensemble' || job.what === 'search' || job.what === 'bootstrap') {
    const found = await PLAIN_WORK[job.what](job)
    return { ...found, ...PLAIN, peakBytes: process.resourceUsage().maxRSS * 1024 }
  }
  const { device, kernels } = await (await chooseBackend()).activate()
  const threads = Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 0)
  const common = { backend: device.name, threads }
  if (job.what === 'merge') {
    const { repetitions } = job
    const parameters = Math.ceil(parameterCount(job.config) / (job.oneIn ?? 1))
    return { ...common, ...(await benchMerging({ models: 8, parameters, repetitions })) }
  }
  const bench = job.what === 'train' ? benchTraining : benchEvaluation
  return { ...common, ...(await bench(job, kernels)) }
}
