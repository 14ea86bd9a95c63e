/** What keeps rules from being looked at: said when it begins or becomes otherwise, and not again each time. */
export class Complaints {
  readonly #said = new Map<string, string>();

  /** Whether this is to be said of a rule. */
  isNew(rule: string, text: string): boolean {
    if (this.#said.get(rule) === text) return false;
    this.#said.set(rule, text);
    return true;
  }

  /** A rule could be looked at; answers whether it could not before. */
  end(rule: string): boolean {
    return this.#said.delete(rule);
  }

  /** Forgets all rules but some. */
  keep(rules: ReadonlySet<string>): void {
    for (const rule of this.#said.keys()) if (!rules.has(rule)) this.#said.delete(rule);
  }
}
