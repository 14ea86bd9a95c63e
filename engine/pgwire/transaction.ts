import { StatementError } from './statement-error.ts';

/** Where a connection stands between BEGIN and COMMIT. */
export class Transaction {
  status: 'idle' | 'transaction' | 'failed' = 'idle';
  #savepoints: string[] = [];

  begin(): void {
    this.status = 'transaction';
    this.#savepoints = [];
  }

  /** Ends it; answers whether it was committed. */
  end(commits: boolean): boolean {
    const isCommitted = commits && this.status === 'transaction';
    this.status = 'idle';
    this.#savepoints = [];
    return isCommitted;
  }

  /** An error ends what can be done in it. */
  fail(): void {
    if (this.status === 'transaction') this.status = 'failed';
  }

  save(name: string): void {
    this.#within('SAVEPOINT');
    this.#savepoints.push(name);
  }

  release(name: string): void {
    this.#within('RELEASE SAVEPOINT');
    this.#savepoints.length = this.#at(name);
  }

  /** Goes back to a savepoint, which stays. */
  back(name: string): void {
    this.#within('ROLLBACK TO SAVEPOINT');
    this.#savepoints.length = this.#at(name) + 1;
    this.status = 'transaction';
  }

  #at(name: string): number {
    const at = this.#savepoints.lastIndexOf(name);
    if (at < 0) throw new StatementError('3B001', `savepoint "${name}" does not exist`);
    return at;
  }

  #within(what: string): void {
    if (this.status === 'idle') throw new StatementError('25P01', `${what} can only be used in transaction blocks`);
  }

  /** Refuses what cannot be done here. `alone` names a statement that cannot be undone. */
  admit(alone: string | undefined, isWayOut: boolean): void {
    if (this.status === 'failed' && !isWayOut)
      throw new StatementError('25P02', 'current transaction is aborted, commands ignored until end of transaction block');
    if (this.status !== 'idle' && alone !== undefined) throw new StatementError('25001', `${alone} cannot run inside a transaction block`);
  }

  get isOpen(): boolean {
    return this.status !== 'idle';
  }
}
