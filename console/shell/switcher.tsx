import { Menu } from '@mantine/core';
import { useNavigate } from 'react-router';
import { useMay } from '../api/call.ts';
import { findPlace, firstPlace, type Place, rootOf, useOrganizations } from '../api/place.ts';
import { useAsk } from '../operation/ask.ts';
import { Icon } from '../part/icon.tsx';

type Option = { readonly id: string; readonly name: string; readonly title: string; readonly note?: string };

/** Organization, project and environment, each a menu. The test environments are amber wherever they are named. */
export function Switcher({ place }: { place: Place }) {
  const go = useNavigate();
  const may = useMay('platform');
  const organizations = useOrganizations();
  const { organization, project, environment } = place;
  const to = (next: Place | undefined) => next && go(rootOf(next));
  const find = (names: { project?: string; environment?: string }) => findPlace({ organizations: [organization] }, names);
  const ask = useAsk();
  return (
    <>
      <Step
        label="Organization"
        kind="organization"
        options={organizations}
        chosen={organization.id}
        onChoose={(id) => to(firstPlace({ organizations: organizations.filter((each) => each.id === id) }))}
        more={may('CreateOrganization') ? { title: 'New organization…', go: () => ask('platform', 'CreateOrganization') } : undefined}
      />
      <span className="crumb-slash" aria-hidden="true">
        /
      </span>
      <Step
        label="Project"
        kind="project"
        options={organization.projects}
        chosen={project.id}
        onChoose={(id) => to(find({ project: id }))}
        more={may('CreateProject') ? { title: 'New project…', go: () => ask('platform', 'CreateProject') } : undefined}
      />
      <span className="crumb-slash" aria-hidden="true">
        /
      </span>
      <Step
        label="Environment"
        kind={environment.kind === 'live' ? 'environment' : 'test'}
        options={project.environments.map((each) => ({ ...each, note: each.kind === each.name ? '' : each.kind }))}
        chosen={environment.id}
        onChoose={(id) => to(find({ project: project.id, environment: id }))}
        more={may('CreateEnvironment') ? { title: 'New environment…', go: () => ask('platform', 'CreateEnvironment') } : undefined}
      />
    </>
  );
}

type StepProps = {
  label: string;
  kind: string;
  options: readonly Option[];
  chosen: string;
  onChoose: (id: string) => void;
  more: { title: string; go: () => void } | undefined;
};

function Step({ label, kind, options, chosen, onChoose, more }: StepProps) {
  const here = options.find((each) => each.id === chosen);
  return (
    <Menu position="bottom-start" width={240} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <button type="button" className={`crumb-switch crumb-${kind}`} aria-label={`${label}: ${here?.name ?? ''}`}>
          <span>{here?.name}</span>
          <Icon name="down" size={12} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{label}</Menu.Label>
        {options.map((option) => (
          <Menu.Item
            key={option.id}
            onClick={() => onChoose(option.id)}
            rightSection={option.id === chosen ? <Icon name="check" size={14} /> : undefined}
          >
            <span className="cut">{option.title || option.name}</span>
            {option.note && <span className="faint"> {option.note}</span>}
          </Menu.Item>
        ))}
        {more && (
          <>
            <Menu.Divider />
            <Menu.Item leftSection={<Icon name="plus" size={14} />} onClick={more.go}>
              {more.title}
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
