import type { Node, SelectStmt, VariableSetStmt } from 'libpg-query';
import type { Configured, Control } from '#engine/pgwire/application.ts';
import type { Direction } from '#engine/pgwire/scroll.ts';
import { notBuilt } from '#engine/pgwire/statement-error.ts';
import { askingOf } from './notify-statement.ts';

type Own = Exclude<Control, { kind: 'declare' | 'notifyEach' }>;

/** What a statement asks of its connection; undefined for one that asks nothing of it. */
export function controlOf(node: Node): Own | undefined {
  if ('TransactionStmt' in node) {
    const { kind, options, savepoint_name: name = '', chain } = node.TransactionStmt;
    if (chain) throw notBuilt('AND CHAIN');
    checkModes(options ?? []);
    return transactionOf(kind ?? '', name);
  }
  if ('SelectStmt' in node) return configuring(node.SelectStmt) ?? askingOf(node.SelectStmt);
  if ('VariableSetStmt' in node) return settingOf(node.VariableSetStmt);
  if ('VariableShowStmt' in node) return { kind: 'show', name: node.VariableShowStmt.name ?? '' };
  if ('FetchStmt' in node) {
    const { direction = 'FETCH_FORWARD', howMany, portalname: name = '', ismove = false } = node.FetchStmt;
    const said = Number(howMany ?? 0);
    const count = Math.abs(said) > 2 ** 53 ? Math.sign(said) * Number.POSITIVE_INFINITY : said;
    return { kind: 'fetch', name, direction: direction.slice('FETCH_'.length).toLowerCase() as Direction, count, shows: !ismove };
  }
  if ('ListenStmt' in node) return { kind: 'listen', name: node.ListenStmt.conditionname ?? '' };
  if ('UnlistenStmt' in node) return { kind: 'unlisten', name: node.UnlistenStmt.conditionname };
  if ('NotifyStmt' in node) {
    const { conditionname: name = '', payload = '' } = node.NotifyStmt;
    return { kind: 'notify', name, payload };
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

/** A SELECT of nothing but `set_config` and `current_setting`, one of which sets. */
function configuring({ targetList = [], ...rest }: SelectStmt): Own | undefined {
  if (rest.fromClause || rest.whereClause || rest.valuesLists || rest.withClause || rest.larg) return undefined;
  const settings = targetList.map(configured);
  if (!settings.every((each) => each !== undefined) || !settings.some(({ value }) => value !== undefined)) return undefined;
  return { kind: 'configure', settings };
}

function configured(target: Node): Configured | undefined {
  if (!('ResTarget' in target)) return undefined;
  const { val: call, name: label } = target.ResTarget;
  if (!call || !('FuncCall' in call)) return undefined;
  const path = (call.FuncCall.funcname ?? []).map((each) => ('String' in each ? each.String.sval : undefined));
  const last = path.at(-1);
  if (path.length > 2 || (path.length === 2 && path[0] !== 'pg_catalog')) return undefined;
  if (last !== 'set_config' && last !== 'current_setting') return undefined;
  const [name, second, third] = (call.FuncCall.args ?? []).map(bare);
  if (!name || !('A_Const' in name)) return undefined;
  const own = { label: label ?? last ?? '', name: textOf(name) };
  if (last === 'current_setting') return { ...own, orNull: second !== undefined && textOf(second) === 'on' };
  if (!second || !third) return undefined;
  const value = 'ParamRef' in second ? { param: (second.ParamRef.number ?? 1) - 1 } : textOf(second);
  return { ...own, value, isLocal: textOf(third) === 'on' };
}

/** Without casts, which drivers put around what they send. */
const bare = (node: Node): Node => ('TypeCast' in node && node.TypeCast.arg ? bare(node.TypeCast.arg) : node);

function textOf(node: Node): string {
  // INTERVAL '+00:00' HOUR TO MINUTE, as a time zone.
  if ('TypeCast' in node && node.TypeCast.arg) return textOf(node.TypeCast.arg);
  const { sval, ival, fval, boolval } = 'A_Const' in node ? node.A_Const : {};
  if (sval) return sval.sval ?? '';
  if (ival) return String(ival.ival ?? 0);
  if (fval) return fval.fval ?? '';
  if (boolval) return boolval.boolval ? 'on' : 'off';
  throw notBuilt('SET to this value');
}
