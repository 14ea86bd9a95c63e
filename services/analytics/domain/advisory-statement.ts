import type { Node, SelectStmt } from 'libpg-query';
import { functionName } from './bind.ts';

/** A number, or the place of the parameter that is one. */
export type LockNumber = bigint | { readonly param: number };
/** SELECT of one function of advisory locks. */
export type AdvisoryCall = {
  readonly kind: 'advisory';
  readonly label: string;
  readonly how: 'lock' | 'try' | 'unlock' | 'unlockAll';
  readonly isShared: boolean;
  /** Whether it ends with the transaction. */
  readonly isLocal: boolean;
  readonly key: readonly LockNumber[];
};

const form = /^pg_(try_)?advisory_(xact_)?(lock|unlock|unlock_all)(_shared)?$/;

/** Understands `SELECT pg_advisory_lock(1)` and its kin; undefined for anything else. */
export function advisoryCall({ targetList = [], ...rest }: SelectStmt): AdvisoryCall | undefined {
  const [only, ...more] = targetList;
  if (more.length > 0 || rest.fromClause || rest.whereClause || rest.withClause || rest.larg) return undefined;
  const { name, val } = only && 'ResTarget' in only ? only.ResTarget : {};
  const call = val && 'FuncCall' in val ? val.FuncCall : undefined;
  const called = call ? functionName(call) : '';
  const [, tries, xact, what, shared] = form.exec(called) ?? [];
  const key = (call?.args ?? []).map(numberOf);
  if (what === undefined || key.some((each) => each === undefined)) return undefined;
  if (what === 'unlock_all' ? key.length > 0 : key.length < 1 || key.length > 2) return undefined;
  return {
    ...{ kind: 'advisory', label: name ?? called },
    how: what === 'unlock_all' ? 'unlockAll' : what === 'unlock' ? 'unlock' : tries ? 'try' : 'lock',
    ...{ isShared: shared !== undefined, isLocal: xact !== undefined, key: key as LockNumber[] },
  };
}

function numberOf(node: Node): LockNumber | undefined {
  if ('TypeCast' in node && node.TypeCast.arg) return numberOf(node.TypeCast.arg);
  if ('ParamRef' in node) return { param: (node.ParamRef.number ?? 1) - 1 };
  if ('A_Expr' in node && !node.A_Expr.lexpr && node.A_Expr.rexpr) {
    const inner = numberOf(node.A_Expr.rexpr);
    return typeof inner === 'bigint' ? -inner : undefined;
  }
  if (!('A_Const' in node)) return undefined;
  const { ival, fval, sval } = node.A_Const;
  const text = ival ? String(ival.ival ?? 0) : (fval?.fval ?? sval?.sval ?? '');
  return /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}
