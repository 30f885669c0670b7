/** What a screen is told of the machine: meters, devices, and what happened in this process. */
import { z } from 'zod'

const count = z.number().int().nonnegative()
const amount = z.number().nonnegative()

/** One of the devices that runs may be placed on, as it is right now. */
export const MachineDeviceSchema = z.strictObject({
  /** As the driver counts it. */
  index: count,
  name: z.string(),
  /** A process with one thread that stands for a device. */
  isPretended: z.boolean(),
  /** Share of the last second or so in which it computed, 0 to 1. */
  load: z.number().nullable(),
  usedBytes: amount.nullable(),
  totalBytes: amount.nullable(),
  /** Degrees Celsius. */
  temperature: z.number().nullable(),
  /** What this process has going on there, where it places runs on devices. */
  runs: z.array(z.string()),
  /** Why this process does nothing there any more; null while it does. */
  setAside: z.string().nullable()
})
export type MachineDevice = z.infer<typeof MachineDeviceSchema>

/** How busy the machine is right now; sizes in bytes, loads as shares from 0 to 1. */
export const MachineSchema = z.strictObject({
  cpu: z.strictObject({
    /** Of all threads since the last reading; null at the first. */
    load: z.number().nullable(),
    threads: count,
    /** Threads that training may use here. */
    threadsUsed: count
  }),
  memory: z.strictObject({ usedBytes: amount, totalBytes: amount }),
  disk: z.strictObject({
    freeBytes: amount,
    /** What the project takes; null while it is being counted for the first time. */
    projectBytes: amount.nullable()
  }),
  devices: z.array(MachineDeviceSchema)
})
export type Machine = z.infer<typeof MachineSchema>

/** What this machine can do, as `assay doctor --json` says it. */
export const DevicesSchema = z.strictObject({
  /** When the rates were measured, ISO 8601. */
  measuredAt: z.string(),
  node: z.string(),
  system: z.string(),
  processor: z.strictObject({ model: z.string(), threads: count }),
  memory: z.strictObject({ totalBytes: amount, availableBytes: amount }),
  disk: z.strictObject({
    folder: z.string(),
    freeBytes: amount,
    totalBytes: amount.nullable()
  }),
  gpus: z.array(
    z.strictObject({ name: z.string(), memoryBytes: amount.nullable(), driver: z.string() })
  ),
  noGpuReason: z.string().nullable(),
  /** What runs may be placed on. */
  devices: z.array(MachineDeviceSchema),
  backends: z.array(
    z.strictObject({
      name: z.string(),
      usable: z.boolean(),
      reason: z.string().nullable(),
      device: z.string().nullable(),
      isGpu: z.boolean(),
      memoryBytes: amount.nullable(),
      version: z.string().nullable(),
      /** Measured float32 matrix products, GFLOP/s. */
      gflops: z.number().nullable()
    })
  ),
  probeFailure: z.string().nullable(),
  canTrain: z.boolean(),
  versions: z.record(z.string(), z.string()),
  /** The conformance suite's outcome on the usable device; null where it has not been run. */
  verification: z
    .object({
      device: z.string(),
      checkedAt: z.string(),
      passed: z.boolean(),
      failedChecks: z.array(z.string())
    })
    .nullable()
})
export type Devices = z.infer<typeof DevicesSchema>

/** One thing that happened in the engine's process. */
export const LogLineSchema = z.strictObject({
  /** Counted from 1 since the process began. */
  number: count,
  /** ISO 8601. */
  at: z.string(),
  level: z.enum(['info', 'warning', 'error']),
  /** Title of the project it was in; null where it concerns none. */
  project: z.string().nullable(),
  text: z.string(),
  /** More to copy: an error's code and facts. */
  details: z.string().nullable()
})
export type LogLine = z.infer<typeof LogLineSchema>
