import type { Node, VariableSetStmt } from 'libpg-query';
import type { Control } from '#engine/pgwire/application.ts';
import { notBuilt } from '#engine/pgwire/statement-error.ts';

type Own = Exclude<Control, { kind: 'declare' }>;

/** What a statement asks of its connection; undefined for one that asks nothing of it. */
export function controlOf(node: Node): Own | undefined {
  if ('TransactionStmt' in node) {
    const { kind, options, savepoint_name: name = '', chain } = node.TransactionStmt;
    if (chain) throw notBuilt('AND CHAIN');
    checkModes(options ?? []);
    return transactionOf(kind ?? '', name);
  }
  if ('VariableSetStmt' in node) return settingOf(node.VariableSetStmt);
  if ('VariableShowStmt' in node) return { kind: 'show', name: node.VariableShowStmt.name ?? '' };
  if ('FetchStmt' in node) {
    const { direction, howMany, portalname: name = '', ismove = false } = node.FetchStmt;
    const count = Number(howMany ?? 0);
    if (direction !== 'FETCH_FORWARD' || count < 1) throw notBuilt('FETCH in this direction');
    return { kind: 'fetch', name, count: count > 2 ** 53 ? Number.POSITIVE_INFINITY : count, shows: !ismove };
  }
  if ('ClosePortalStmt' in node) return { kind: 'close', name: node.ClosePortalStmt.portalname };
  if ('DeallocateStmt' in node) return { kind: 'deallocate', name: node.DeallocateStmt.name };
  if ('DiscardStmt' in node) {
    if (node.DiscardStmt.target !== 'DISCARD_ALL') throw notBuilt('DISCARD of less than ALL');
    return { kind: 'discard' };
  }
  return undefined;
}

function transactionOf(kind: string, name: string): Own {
  switch (kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return { kind: 'begin' };
    case 'TRANS_STMT_COMMIT':
      return { kind: 'commit' };
    case 'TRANS_STMT_ROLLBACK':
      return { kind: 'rollback' };
    case 'TRANS_STMT_SAVEPOINT':
      return { kind: 'savepoint', name };
    case 'TRANS_STMT_RELEASE':
      return { kind: 'release', name };
    case 'TRANS_STMT_ROLLBACK_TO':
      return { kind: 'rollbackTo', name };
    default:
      throw notBuilt('Two-phase commit');
  }
}

/** Each statement sees what is committed when it begins; nothing in a transaction writes. */
function checkModes(options: readonly Node[]): void {
  for (const option of options) {
    const { defname, arg } = 'DefElem' in option ? option.DefElem : {};
    const value = arg && 'A_Const' in arg ? arg.A_Const.sval?.sval : undefined;
    if (defname === 'transaction_isolation' && value !== 'read committed' && value !== 'read uncommitted')
      throw notBuilt(`The isolation level ${String(value).toUpperCase()}`);
  }
}

function settingOf({ kind, name = '', args = [], is_local: isLocal = false }: VariableSetStmt): Own {
  switch (kind) {
    case 'VAR_SET_VALUE':
      return { kind: 'set', name, value: args.map(textOf).join(', '), isLocal };
    case 'VAR_SET_DEFAULT':
    case 'VAR_RESET':
      return { kind: 'set', name, value: undefined, isLocal };
    case 'VAR_RESET_ALL':
      return { kind: 'resetAll' };
    case 'VAR_SET_MULTI':
      checkModes(args);
      return { kind: 'set', name: 'transaction_isolation', value: undefined, isLocal: false };
    default:
      throw notBuilt('SET in this form');
  }
}

function textOf(node: Node): string {
  const { sval, ival, fval, boolval } = 'A_Const' in node ? node.A_Const : {};
  if (sval) return sval.sval ?? '';
  if (ival) return String(ival.ival ?? 0);
  if (fval) return fval.fval ?? '';
  if (boolval) return boolval.boolval ? 'on' : 'off';
  throw notBuilt('SET to this value');
}
