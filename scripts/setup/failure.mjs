/** What the user can mend: shown as its message alone, without a stack. */
export class SetupFailure extends Error {}
