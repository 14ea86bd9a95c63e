import { setImmediate as turn } from 'node:timers/promises';
import { RE2JS, RE2JSException } from 're2js';
import { patternMax, patternSliceMs, patternStepsMax } from '../limits.ts';

/**
 * Topics of a member by a regular expression that the broker tries (KIP-848), in RE2's syntax as Apache Kafka's: it takes
 * time that grows with a name's length and nothing worse, whoever wrote it. The whole name has to match.
 */
export class TopicPattern {
  readonly text: string;
  readonly #compiled: RE2JS;
  #tried = new Map<string, boolean>();

  /** Throws a sentence about what is wrong with the expression, as RangeError. */
  constructor(text: string) {
    if (text.length > patternMax) throw new RangeError(`The regular expression has more than ${patternMax} characters.`);
    this.text = text;
    this.#compiled = compile(text);
    if (this.#compiled.programSize() > patternStepsMax)
      throw new RangeError(`The regular expression compiles to more than ${patternStepsMax} steps.`);
  }

  /** The names that match. Each is tried once while it is asked for, and others have their turn in between. */
  async among(names: readonly string[]): Promise<string[]> {
    const tried = new Map<string, boolean>();
    let begun = performance.now();
    for (const name of names) {
      tried.set(name, this.#tried.get(name) ?? this.#compiled.matches(name));
      if (performance.now() - begun < patternSliceMs) continue;
      await turn();
      begun = performance.now();
    }
    this.#tried = tried;
    return names.filter((name) => tried.get(name));
  }
}

function compile(text: string): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    if (error instanceof RE2JSException) throw new RangeError(`The regular expression is not valid: ${error.message}.`);
    throw error;
  }
}
