import type { AlterTableCmd, ColumnDef, Constraint, CreateStmt, Node } from 'libpg-query';
import { notBuilt, sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Alter } from './alter-statement.ts';
import { columnsIn, constraintsOf } from './constraint.ts';
import { checkedName, textIn } from './name.ts';
import type { Table } from './table.ts';

/** What a statement makes otherwise of a table: commands of ALTER TABLE, or another name of a column or constraint. */
export type Reshaping = {
  readonly kind: 'reshape';
  readonly name: string;
  readonly node: Node;
  readonly text: string;
  /** IF EXISTS: no table of the name is no error. */
  readonly orNone: boolean;
  /** Where it can be done without another table in its place. */
  readonly place: Alter | undefined;
};

/** A column of the table as it becomes: from which one its values come, and by what expression. */
type Source = { readonly definition: ColumnDef; readonly from: string | undefined; readonly using: Node | undefined };
/** A table with what was made otherwise: the statement that would make it so, and where its columns come from. */
export type Reshaped = { readonly made: CreateStmt; readonly sources: readonly Source[] };

const missing = (name: string, table: string) =>
  new StatementError(sqlstates.columnMissing, `column "${name}" of relation "${table}" does not exist`);

const isColumn = (node: Node): node is { ColumnDef: ColumnDef } => 'ColumnDef' in node;

/** Understands the statements that came behind the one that made a table. `tableOf` says what a statement makes. */
export class Reshape {
  #name: string;
  #elements: Node[];
  #sources: Source[];
  readonly #made: CreateStmt;
  readonly #tableOf: (made: CreateStmt) => Table;

  constructor(made: CreateStmt, tableOf: (made: CreateStmt) => Table) {
    this.#made = made;
    this.#tableOf = tableOf;
    this.#name = made.relation?.relname ?? '';
    this.#elements = [...(made.tableElts ?? [])];
    this.#sources = this.#definitions().map((definition) => ({ definition, from: definition.colname ?? '', using: undefined }));
  }

  get reshaped(): Reshaped {
    const relation = { ...this.#made.relation, relname: this.#name };
    return { made: { ...this.#made, relation, tableElts: this.#elements }, sources: this.#sources };
  }

  take(node: Node): void {
    if ('RenameStmt' in node) {
      const { renameType, subname = '', newname = '' } = node.RenameStmt;
      if (renameType === 'OBJECT_COLUMN') this.#rename(subname, checkedName(newname));
      else if (renameType === 'OBJECT_TABLE') this.#name = checkedName(newname);
      else if (renameType === 'OBJECT_TABCONSTRAINT') this.#renameConstraint(subname, checkedName(newname));
      else throw notBuilt('This form of RENAME');
      return;
    }
    if (!('AlterTableStmt' in node)) throw notBuilt('This form of ALTER');
    for (const each of node.AlterTableStmt.cmds ?? []) if ('AlterTableCmd' in each) this.#command(each.AlterTableCmd);
  }

  get #table(): string {
    return this.#name;
  }

  #definitions(): ColumnDef[] {
    return this.#elements.flatMap((element) => (isColumn(element) ? [element.ColumnDef] : []));
  }

  #command(command: AlterTableCmd): void {
    const { subtype = '', name = '', def, missing_ok: isExcused = false } = command;
    switch (subtype) {
      case 'AT_AddColumn':
        return this.#add(def, isExcused);
      case 'AT_DropColumn':
        return this.#drop(name, isExcused, command.behavior === 'DROP_CASCADE');
      case 'AT_ColumnDefault':
        return this.#change(name, (own) => withoutKind(own, 'CONSTR_DEFAULT', def ? [{ contype: 'CONSTR_DEFAULT', raw_expr: def }] : []));
      case 'AT_SetNotNull':
        return this.#change(name, (own) => withoutKind(own, 'CONSTR_NOTNULL', [{ contype: 'CONSTR_NOTNULL' }]));
      case 'AT_DropNotNull':
        return this.#change(name, (own) => withoutKind(own, 'CONSTR_NOTNULL', []));
      case 'AT_AlterColumnType':
        return this.#retype(name, def);
      case 'AT_AddIdentity':
        return this.#change(name, (own) => withoutKind(own, 'CONSTR_IDENTITY', def && 'Constraint' in def ? [def.Constraint] : []));
      case 'AT_DropIdentity':
        return this.#change(name, (own) => withoutKind(own, 'CONSTR_IDENTITY', []));
      case 'AT_AddConstraint':
        if (!def || !('Constraint' in def) || def.Constraint.indexname) throw notBuilt('This form of ADD CONSTRAINT');
        this.#elements.push(def);
        return;
      case 'AT_DropConstraint':
        return this.#dropConstraint(name, isExcused);
      case 'AT_ValidateConstraint':
        // All rows were looked at when it was made.
        if (!this.#constraintNamed(name)) throw this.#noConstraint(name);
        return;
      default:
        throw notBuilt(`ALTER TABLE with ${subtype.replace('AT_', '')}`);
    }
  }

  #add(def: Node | undefined, isExcused: boolean): void {
    if (!def || !isColumn(def)) throw notBuilt('This form of ADD COLUMN');
    const name = checkedName(def.ColumnDef.colname ?? '');
    if (this.#definitions().some(({ colname }) => colname === name)) {
      if (isExcused) return;
      throw new StatementError('42701', `column "${name}" of relation "${this.#table}" already exists`);
    }
    const last = this.#elements.findLastIndex(isColumn);
    this.#elements.splice(last + 1, 0, def);
    this.#sources.push({ definition: def.ColumnDef, from: undefined, using: undefined });
  }

  #drop(name: string, isExcused: boolean, cascades: boolean): void {
    if (!this.#definitions().some(({ colname }) => colname === name)) {
      if (isExcused) return;
      throw missing(name, this.#table);
    }
    const of = (constraint: Constraint) =>
      [...(constraint.keys ?? []), ...(constraint.fk_attrs ?? [])].map(textIn).concat(columnsIn(constraint.raw_expr)).includes(name);
    const others = this.#definitions().some(({ colname, constraints }) => colname !== name && constraintsOf(constraints).some(of));
    if (others && !cascades)
      throw new StatementError(
        sqlstates.dependents,
        `cannot drop column ${name} of table ${this.#table} because other objects depend on it`,
      );
    // Constraints of the column go with it.
    this.#elements = this.#elements.filter((element) =>
      isColumn(element) ? element.ColumnDef.colname !== name : !('Constraint' in element && of(element.Constraint)),
    );
    this.#sources = this.#sources.filter(({ definition }) => definition.colname !== name);
  }

  #change(name: string, work: (definition: ColumnDef) => ColumnDef, using?: Node): void {
    const at = this.#elements.findIndex((element) => isColumn(element) && element.ColumnDef.colname === name);
    const old = this.#elements[at];
    if (!old || !isColumn(old)) throw missing(name, this.#table);
    const definition = work(old.ColumnDef);
    this.#elements[at] = { ColumnDef: definition };
    this.#sources = this.#sources.map((each) =>
      each.definition === old.ColumnDef ? { ...each, definition, using: using ?? each.using } : each,
    );
  }

  #retype(name: string, def: Node | undefined): void {
    if (!def || !isColumn(def) || def.ColumnDef.collClause) throw notBuilt('This form of ALTER COLUMN ... TYPE');
    const { typeName, raw_default: using } = def.ColumnDef;
    this.#change(name, (own) => ({ ...own, ...(typeName ? { typeName } : {}) }), using);
  }

  #rename(from: string, to: string): void {
    if (this.#definitions().some(({ colname }) => colname === to))
      throw new StatementError('42701', `column "${to}" of relation "${this.#table}" already exists`);
    if (!this.#definitions().some(({ colname }) => colname === from)) throw missing(from, this.#table);
    const sources = new Map(this.#sources.map((each) => [each.definition, each]));
    this.#elements = this.#elements.map((element) => {
      const made = renamedIn(element, from, to);
      const old = isColumn(element) ? sources.get(element.ColumnDef) : undefined;
      if (old && isColumn(made)) {
        const definition = old.definition.colname === from ? { ...made.ColumnDef, colname: to } : made.ColumnDef;
        sources.set(old.definition, { ...old, definition });
        return { ColumnDef: definition };
      }
      return made;
    });
    this.#sources = [...sources.values()];
  }

  /** Where a constraint of a name stands, whoever named it. */
  #constraintNamed(name: string): Constraint | undefined {
    const told = this.#elements.flatMap((element) =>
      isColumn(element) ? constraintsOf(element.ColumnDef.constraints) : 'Constraint' in element ? [element.Constraint] : [],
    );
    const own = told.find(({ conname }) => conname === name);
    if (own) return own;
    const named = this.#tableOf(this.reshaped.made).named;
    return [...named].find(([, each]) => each === name)?.[0];
  }

  #noConstraint(name: string): StatementError {
    return new StatementError('42704', `constraint "${name}" of relation "${this.#table}" does not exist`);
  }

  #dropConstraint(name: string, isExcused: boolean): void {
    const found = this.#constraintNamed(name);
    if (!found) {
      if (isExcused) return;
      throw this.#noConstraint(name);
    }
    this.#replace(found, undefined);
  }

  #renameConstraint(name: string, to: string): void {
    const found = this.#constraintNamed(name);
    if (!found) throw this.#noConstraint(name);
    this.#replace(found, { ...found, conname: to });
  }

  #replace(old: Constraint, made: Constraint | undefined): void {
    const without = (nodes: readonly Node[] = []) =>
      nodes.flatMap((node, at): Node[] => {
        if (!('Constraint' in node)) return [node];
        if (node.Constraint === old) return made ? [{ Constraint: made }] : [];
        // What says when a constraint holds goes with it.
        const isOfOld = !made && node.Constraint.contype?.startsWith('CONSTR_ATTR') && ownerOf(nodes, at) === old;
        return isOfOld ? [] : [node];
      });
    for (const definition of this.#definitions())
      if (constraintsOf(definition.constraints).includes(old))
        this.#change(definition.colname ?? '', (own) => ({ ...own, constraints: without(own.constraints) }));
    this.#elements = without(this.#elements);
  }
}

/** The constraint that what stands at a place says more of. */
function ownerOf(nodes: readonly Node[], place: number): Constraint | undefined {
  const before = nodes.slice(0, place).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
  return before.findLast(({ contype }) => !contype?.startsWith('CONSTR_ATTR'));
}

/** A column without constraints of a kind, and with others. */
function withoutKind(definition: ColumnDef, kind: string, more: readonly Constraint[]): ColumnDef {
  const kept = (definition.constraints ?? []).filter((node) => !('Constraint' in node && node.Constraint.contype === kind));
  return { ...definition, constraints: [...kept, ...more.map((each): Node => ({ Constraint: each }))] };
}

/** An element of a table in which a column is called otherwise: in keys and in conditions. */
function renamedIn<T>(tree: T, from: string, to: string): T {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((each: unknown) => renamedIn(each, from, to)) as T;
  const renamed = (nodes: readonly Node[] | undefined) =>
    nodes?.map((node): Node => (textIn(node) === from ? { String: { sval: to } } : node));
  const fields = Object.entries(tree).map(([key, each]) => {
    if (key === 'keys' || key === 'fk_attrs') return [key, renamed(each as Node[])];
    if (key === 'ColumnRef') {
      const path = (each as { fields?: Node[] }).fields ?? [];
      return [key, { ...(each as object), fields: [...path.slice(0, -1), ...(renamed(path.slice(-1)) ?? [])] }];
    }
    return [key, renamedIn(each as unknown, from, to)];
  });
  return Object.fromEntries(fields) as T;
}
