import { Menu } from '@mantine/core';
import { Route, Routes, useNavigate } from 'react-router';
import { useMay, useOperation } from '../api/call.ts';
import type { Kind } from '../api/contract.ts';
import type { Thing } from '../api/pages.ts';
import { useLink } from '../api/place.ts';
import { sentenceOf, titleOf } from '../format/word.ts';
import { pollEveryMs } from '../limits.ts';
import { useAsk } from '../operation/ask.ts';
import { isEnding } from '../operation/ending.ts';
import { Button, LinkButton } from '../part/button.tsx';
import { CopyButton } from '../part/copy.tsx';
import { Live } from '../part/live.tsx';
import { PageHead, Section, Tabs } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import type { ServicePages, ThingTab } from '../service-page.ts';
import { AuditList } from './audit-list.tsx';
import { EditThing } from './edit-thing.tsx';
import { Properties } from './properties.tsx';

/** One resource: its instruments, its properties, what was done to it. */
export function KindDetail({ kind, pages, name }: { kind: Kind; pages: ServicePages; name: string }) {
  const link = useLink();
  const may = useMay(kind.contract.name);
  const reading = useOperation<Thing>(kind.contract.name, kind.get?.name, name, {}, { everyMs: pollEveryMs });
  const own = (Object.hasOwn(pages.tabs ?? {}, kind.plural) ? pages.tabs?.[kind.plural] : undefined) ?? [];
  const here = (...rest: readonly string[]) => link(kind.contract.name, kind.plural, name, ...rest);
  const thing = reading.value;
  const gone = reading.problem?.status === 404;
  if (gone) return <Gone kind={kind} name={name} />;
  return (
    <div className="page">
      <PageHead
        title={name}
        name={name}
        aside={
          <>
            <CopyButton text={name} label="Copy the name" />
            {thing?.deleting !== undefined && <Status tone="warn">being deleted</Status>}
            <Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />
          </>
        }
        text={kind.resource.text}
        actions={<Actions kind={kind} name={name} may={may} editTo={here('edit')} />}
      />
      <Tabs
        label={name}
        tabs={[
          ...own.map((tab, index) => ({ to: index === 0 ? here() : here(tab.path), label: tab.title, end: true })),
          { to: own.length === 0 ? here() : here('properties'), label: 'Properties', end: true },
          { to: here('activity'), label: 'Activity', end: true },
        ]}
      />
      {!thing &&
        (reading.problem ? (
          <Refusal problem={reading.problem} again={reading.again} />
        ) : (
          <Section>
            <Waiting rows={4} />
          </Section>
        ))}
      {thing && <Places kind={kind} own={own} thing={thing} name={name} again={reading.again} />}
    </div>
  );
}

function Places({
  kind,
  own,
  thing,
  name,
  again,
}: {
  kind: Kind;
  own: readonly ThingTab[];
  thing: Thing;
  name: string;
  again: () => void;
}) {
  const properties = (
    <Section>
      <Properties kind={kind} thing={thing} />
    </Section>
  );
  const First = own[0]?.page;
  return (
    <Routes>
      <Route index element={First ? <First kind={kind} name={name} thing={thing} /> : properties} />
      {own.slice(1).map(({ path, page: Page }) => (
        <Route key={path} path={path} element={<Page kind={kind} name={name} thing={thing} />} />
      ))}
      <Route path="properties" element={properties} />
      <Route
        path="activity"
        element={<AuditList fixed={{ service: kind.contract.name, resource: name }} what={`this ${kind.name.toLowerCase()}`} />}
      />
      <Route path="edit" element={<EditThing kind={kind} thing={thing} onDone={again} />} />
    </Routes>
  );
}

function Actions({ kind, name, may, editTo }: { kind: Kind; name: string; may: (operation: string) => boolean; editTo: string }) {
  const ask = useAsk();
  const { remove } = kind;
  const service = kind.contract.name;
  const others = kind.others.filter((each) => (each.operation.at ?? 'item') === 'item' && may(each.name));
  const endings = others.filter((each) => isEnding(kind, each));
  return (
    <>
      {kind.update && may(kind.update.name) && (
        <LinkButton icon="edit" to={editTo}>
          Edit
        </LinkButton>
      )}
      {others.length > 0 && (
        <Menu position="bottom-end" width={260} transitionProps={{ duration: 0 }}>
          <Menu.Target>
            <Button icon="more">Operations</Button>
          </Menu.Target>
          <Menu.Dropdown className="menu-long">
            {others.map((each) => (
              <Menu.Item key={each.name} data-bad={endings.includes(each) || undefined} onClick={() => ask(service, each.name, name)}>
                {sentenceOf(each.name)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {remove && may(remove.name) && (
        <Button look="danger" icon="trash" onClick={() => ask(service, remove.name, name)}>
          Delete
        </Button>
      )}
    </>
  );
}

function Gone({ kind, name }: { kind: Kind; name: string }) {
  const link = useLink();
  const go = useNavigate();
  return (
    <div className="page">
      <PageHead title={name} name={name} />
      <Section>
        <Empty
          icon="search"
          title={`There is no ${kind.name.toLowerCase()} of this name`}
          action={
            <>
              <Button onClick={() => go(-1)}>Back</Button>
              <LinkButton to={link(kind.contract.name, kind.plural)} look="main">
                All {titleOf(kind.plural).toLowerCase()}
              </LinkButton>
            </>
          }
        >
          It was deleted, or it is in another environment.
        </Empty>
      </Section>
    </div>
  );
}
