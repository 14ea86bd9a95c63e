/** The text is no NACHA file, or the values make none. `line` counts from 1 (undefined when writing); `field` is the rules' name of it. */
export class NachaError extends Error {
  override readonly name = 'NachaError';
  readonly line: number | undefined;
  readonly field: string;

  constructor(reason: string, field: string, line?: number) {
    super(`${line === undefined ? '' : `line ${line}, `}${field}: ${reason}`);
    this.line = line;
    this.field = field;
  }
}
