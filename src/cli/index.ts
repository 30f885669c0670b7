/** The command line: parses, and hands over to one file per group of commands. */
import './elementSignals'
import { Command, CommanderError } from 'commander'
import { version } from '../../package.json'
import { addCleanCommand } from './commands/clean'
import { addClusterCommands } from './commands/cluster'
import { addCommandsCommand } from './commands/commands'
import { addExportModelCommand } from './commands/exportModel'
import { addImportCommand } from './commands/importText'
import { addImportTableCommand } from './commands/importTable'
import { addImportModelsCommand } from './commands/importModels'
import { addBenchCommand } from './commands/bench'
import { addDiagnoseCommand } from './commands/diagnose'
import { addTransferCommand } from './commands/transfer'
import { addVerifyCommand } from './commands/verify'
import { addDoctorCommand } from './commands/doctor'
import { addInspectCommand } from './commands/inspect'
import { addMergeCommand } from './commands/merge'
import { addEvalCommand } from './commands/eval'
import { addOpenCommand } from './commands/open'
import { addProjectCommands } from './commands/project'
import { addReportCommand } from './commands/report'
import { addRunCommands } from './commands/run'
import { addRunOneCommand } from './commands/runOne'
import { addSearchCommand } from './commands/search'
import { addServeCommand } from './commands/serve'
import { addSimulateCommand } from './commands/simulate'
import { addDemoCommand } from './commands/demo'
import { addVaryCommand } from './commands/vary'
import { WorkbenchError } from '#shared/errors'
import { printText, tellText } from './output'
import { EXIT, reportError } from './session'

// A reader that has seen enough, as `head` has, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.ok)
})

const program = new Command('assay')
  .description('Tells what a data mixture is worth before anyone trains on it.')
  .version(version)
  .showHelpAfterError('(assay --help shows the commands)')
  .exitOverride()
  // Before commands are added: they take it over.
  .configureOutput({ writeOut: printText, writeErr: tellText })

addProjectCommands(program)
addImportCommand(program)
addImportTableCommand(program)
addImportModelsCommand(program)
addRunCommands(program)
addRunOneCommand(program)
addClusterCommands(program)
addCommandsCommand(program)
addVaryCommand(program)
addReportCommand(program)
addExportModelCommand(program)
addInspectCommand(program)
addDiagnoseCommand(program)
addTransferCommand(program)
addVerifyCommand(program)
addSearchCommand(program)
addCleanCommand(program)
addMergeCommand(program)
addEvalCommand(program)
addOpenCommand(program)
addServeCommand(program)
addDemoCommand(program)
addDoctorCommand(program)
addBenchCommand(program)
addSimulateCommand(program)
program.addHelpText(
  'after',
  `
A study from text to tables:
  assay new my-study
  assay import my-study wiki.jsonl --as seed --name seed
  assay import my-study papers.jsonl --partition field
  assay plan my-study
  assay run my-study
  assay report my-study
  assay export my-study --out tables

Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`
)

program.parseAsync().catch((error: unknown) => {
  const isJson = process.argv.includes('--json')
  if (!(error instanceof CommanderError)) process.exitCode = reportError(error, isJson)
  else if (error.exitCode === 0) process.exitCode = EXIT.ok
  else {
    // Commander has said it in words already, on standard error.
    process.exitCode = EXIT.usage
    const message = error.message.replace(/^error: /, '')
    if (isJson) reportError(new WorkbenchError('usage/invalid', message), isJson)
  }
})
