import { Menu, useMantineColorScheme } from '@mantine/core';
import { useNavigate } from 'react-router';
import { rootOf, useMaybePlace } from '../api/place.ts';
import { signOut, useSession } from '../api/session.ts';
import { Icon, type IconName } from '../part/icon.tsx';
import { notice } from '../part/notice.tsx';

const schemes: readonly { scheme: 'light' | 'dark' | 'auto'; title: string; icon: IconName }[] = [
  { scheme: 'light', title: 'Light', icon: 'sun' },
  { scheme: 'dark', title: 'Dark', icon: 'moon' },
  { scheme: 'auto', title: 'As the system', icon: 'screen' },
];

/** Who is signed in, how the console looks, the way out. */
export function PersonMenu() {
  const { person } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const go = useNavigate();
  const place = useMaybePlace();
  const name = person.title || person.email;
  const leave = () =>
    void signOut().then(
      () => go('/login'),
      () => notice('Signing out failed; the platform did not answer.'),
    );
  return (
    <Menu position="bottom-end" width={240} transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <button type="button" className="person" title={`Signed in as ${name}`}>
          <span aria-hidden="true">{initials(name)}</span>
          <span className="unseen">Signed in as {name}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className="person-who">
          <div className="cut">{person.title || 'Signed in'}</div>
          <div className="cut dim">{person.email}</div>
        </div>
        {place && (
          <Menu.Item leftSection={<Icon name="shield" />} onClick={() => go(`${rootOf(place)}/platform/security`)}>
            Security
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        {schemes.map(({ scheme, title, icon }) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon name={icon} />}
            closeMenuOnClick={false}
            onClick={() => setColorScheme(scheme)}
            rightSection={colorScheme === scheme ? <Icon name="check" size={14} /> : undefined}
          >
            {title}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="leave" />} onClick={leave}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function initials(name: string): string {
  const words = name
    .replace(/@.*/, '')
    .split(/[\s._-]+/)
    .filter(Boolean);
  return (words.length > 1 ? `${words[0]?.[0] ?? ''}${words.at(-1)?.[0] ?? ''}` : name.slice(0, 2)).toUpperCase();
}
