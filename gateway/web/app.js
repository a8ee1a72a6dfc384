// The page: shows the newest snapshot of /api/stream and says so when it is no longer the newest.
'use strict';

const SILENT_AFTER_MS = 25000; // the gateway sends something every 10 s at least

const byId = (id) => document.getElementById(id);
let snapshot = null;
let clockAhead = 0; // the gateway's clock minus this device's, ms
let lastSign = 0; // when the gateway was heard last, on this device's clock

/** An element with text; whatever a sensor calls itself stays text. */
function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text; // or a screen reader would read it again
}

function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} days`;
}

function ago(iso) {
  if (!iso) return 'never';
  return `${span(Date.now() + clockAhead - Date.parse(iso))} ago`;
}

/** A <time> that the ticker keeps true. */
function since(iso) {
  const node = element('time', 'ago', ago(iso));
  if (iso) {
    node.dateTime = iso;
    node.title = new Date(iso).toLocaleString();
  }
  return node;
}

function bytes(n) {
  if (n === null || n === undefined) return 'unknown';
  if (n >= 1e9) return `${(n / 1e9).toFixed(1)} GB`;
  if (n >= 1e6) return `${(n / 1e6).toFixed(1)} MB`;
  return `${Math.round(n / 1e3)} KB`;
}

function count(n, word) {
  return `${n.toLocaleString()} ${word}${n === 1 ? '' : 's'}`;
}

function showVerdict(verdict) {
  byId('verdict').className = `verdict ${verdict.status}`;
  setText(byId('verdict-text'), verdict.text);
  const only = verdict.problems.length === 1;
  const key = JSON.stringify(verdict.problems);
  const list = byId('problems');
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...verdict.problems.map((problem) => {
    const item = element('li');
    if (!only) item.append(element('strong', '', problem.what));
    item.append(element('span', '', problem.advice));
    return item;
  }));
}

function readingText(reading) {
  if (reading.region !== undefined) return `${reading.occupancy ?? '–'} present in region ${reading.region || 'all'}`;
  const line = reading.line ? ` at ${reading.line}` : '';
  return `${reading.in ?? '–'} in, ${reading.out ?? '–'} out${line}`;
}

function countBox(label, value, fresh) {
  const box = element('div', fresh ? 'fresh' : '');
  box.append(element('b', '', value.toLocaleString()), element('span', '', label));
  return box;
}

function clock(iso) {
  return new Date(iso).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

function hourText(hour) {
  if (hour.state === 'missing') return `${clock(hour.at)}: not counted`;
  if (hour.state === 'closed') return `${clock(hour.at)}: closed`;
  const part = hour.state === 'partly' ? ` (${Math.round(hour.covered * 100)} % counted)` : '';
  return `${clock(hour.at)}: ${hour.in} in, ${hour.out} out${part}`;
}

/** The day by hours: a bar is people, a line is nobody, stripes are a time in which nobody counted. */
function dayByHours(today) {
  const chart = element('div', 'hours');
  const most = Math.max(1, ...today.hours.map((hour) => (hour.in || 0) + (hour.out || 0)));
  chart.setAttribute('role', 'img');
  chart.setAttribute('aria-label', today.hours.map(hourText).join('; '));
  for (const hour of today.hours) {
    const column = element('div', `hour ${hour.state}`);
    column.title = hourText(hour);
    const bar = element('i');
    bar.style.height = `${100 * ((hour.in || 0) + (hour.out || 0)) / most}%`;
    column.append(bar);
    chart.append(column);
  }
  return chart;
}

function coverageText(today) {
  if (today.coverage === null) return null;
  const share = today.coverage >= 1 ? 100 : Math.min(99, Math.floor(today.coverage * 100));
  const row = element('p', 'quiet covered', `Today by hour, ${share} % counted`);
  if (today.missing_since) row.append(' · ', element('strong', 'missing', `missing since ${clock(today.missing_since)}`));
  return row;
}

function lastSeen(sensor) {
  const row = element('p', 'quiet');
  row.append('Heard ', since(sensor.last_data));
  if (sensor.last_reading) row.append(` · last: ${readingText(sensor.last_reading)}`);
  return row;
}

function sensorCard(sensor, before) {
  const card = element('li', 'card');
  card.dataset.sensor = sensor.serial;
  const top = element('div', 'top');
  top.append(element('h3', '', sensor.name), element('span', `pill ${sensor.status}`, sensor.status));
  const counts = element('div', 'counts');
  const fresh = (way) => before !== undefined && before.today[way] !== sensor.today[way];
  counts.append(countBox('in today', sensor.today.in, fresh('in')), countBox('out today', sensor.today.out, fresh('out')));
  card.append(top, counts);
  if (sensor.today.lines.length > 1) {
    card.append(element('p', 'quiet lines',
      sensor.today.lines.map((l) => `${l.line || 'whole device'}: ${l.in} in, ${l.out} out`).join(' · ')));
  }
  if (sensor.today.hours.length > 1) card.append(dayByHours(sensor.today));
  const covered = coverageText(sensor.today);
  if (covered) card.append(covered);
  card.append(lastSeen(sensor));
  if (sensor.cause) {
    const why = element('div', 'why');
    why.append(element('p', '', `${sensor.cause[0].toUpperCase()}${sensor.cause.slice(1)}.`));
    if (sensor.advice) why.append(element('p', 'quiet', sensor.advice));
    card.append(why);
  }
  card.append(element('p', 'quiet device', `${sensor.model} · ${sensor.link}${sensor.name === sensor.serial ? '' : ` · ${sensor.serial}`}`));
  return card;
}

function showSensors(sensors, earlier) {
  const old = new Map((earlier || []).map((sensor) => [sensor.id, sensor]));
  const list = byId('sensors');
  sensors.forEach((sensor, i) => {
    const key = JSON.stringify(sensor);
    const there = list.children[i];
    if (there && there.dataset.key === key) return;
    const card = sensorCard(sensor, old.get(sensor.id));
    card.dataset.key = key;
    if (there) there.replaceWith(card); else list.append(card);
  });
  while (list.children.length > sensors.length) list.lastChild.remove();
  byId('no-sensors').hidden = sensors.length > 0;
}

function facts(id, rows) {
  byId(id).replaceChildren(...rows.filter(Boolean).flatMap(([name, ...values]) => {
    const value = element('dd');
    value.append(...values);
    return [element('dt', '', name), value];
  }));
}

function regionText(region) {
  if (region.present === null) return ['not known'];
  const many = `${region.uncertain ? 'about ' : ''}${region.present.toLocaleString()}`;
  const text = [element('b', region.over ? 'over' : '', many)];
  if (region.capacity !== null) text.push(` of ${region.capacity.toLocaleString()}${region.over ? ', too many' : ''}`);
  const { drift } = region;
  const wrong = [
    drift && drift.below_zero > 0 && `${drift.below_zero} left without having come`,
    drift && drift.left_over > 0 && `${drift.left_over} left over at closing`,
  ].filter(Boolean);
  if (wrong.length > 0) text.push(element('span', 'quiet', ` · ${wrong.join(' · ')}`));
  return text;
}

function showRegions(regions) {
  byId('regions-part').hidden = regions.length === 0;
  facts('regions', regions.map((region) => [region.name, ...regionText(region)]));
}

function showHq({ hq, backlog }) {
  const waiting = backlog.changes === 0 ? ['nothing'] : [count(backlog.changes, 'change')];
  if (backlog.changes > 0 && backlog.oldest) waiting.push(', the oldest from ', since(backlog.oldest));
  if (backlog.changes > 0 && hq.present) waiting.push('; the newest are there already');
  facts('hq', hq.configured
    ? [['Last contact', since(hq.last_contact)], ['Waiting', ...waiting],
      hq.card && ['Enrolled', hq.card.enrolled ? `as the gateway of ${hq.card.store}` : 'not yet'],
      hq.card && hq.card.trouble && !hq.error && ['Token', `${hq.card.trouble}${hq.card.advice ? `. ${hq.card.advice}` : ''}`],
      hq.coverage_refused && ['Coverage', hq.coverage_refused],
      hq.alerts_refused && ['Alerts not taken', hq.alerts_refused],
      hq.error && ['Trouble', `${hq.error}${hq.advice ? `. ${hq.advice}` : ''}`]]
    : [['Connection', 'not configured: readings stay here'], ['Stored', count(backlog.last_change, 'change')]]);
}

function showBox({ gateway, links, quarantine }) {
  const clocks = { ntp: 'set by NTP', https: 'told by HQ', host: "the machine's own, not confirmed by NTP", none: 'not known yet' };
  const began = gateway.uptime_s === undefined ? null
    : new Date(Date.parse(snapshot.time) - gateway.uptime_s * 1000).toISOString();
  facts('box', [
    ...links.map((link) => [`Link ${link.name}`, link.up ? 'up' : `down${link.trouble ? `: ${link.trouble}` : ''}`]),
    quarantine.count > 0 && ['Unreadable', `${count(quarantine.count, 'message')} kept, the newest `, since(quarantine.newest.at)],
    gateway.clock && ['Clock', clocks[gateway.clock.source] || gateway.clock.source],
    ['Disk', `${bytes(gateway.disk_free_bytes)} free, database ${bytes(gateway.database_bytes)}`],
    gateway.room.days_alone !== null && ['Room', `for ${count(gateway.room.days_alone, 'day')} of readings without HQ`],
    gateway.room.given_up.readings > 0 && ['Given up', `${count(gateway.room.given_up.readings, 'reading')} of ${gateway.room.given_up.from} to ${gateway.room.given_up.to}, before HQ had them: there was no room`],
    began && ['Started', since(began)],
    ['Version', gateway.version || 'unknown'],
  ]);
}

function showHeadline() {
  document.title = `${snapshot.verdict.status === 'ok' ? '' : '! '}${snapshot.gateway.store} – Lintel`;
  showVerdict(snapshot.verdict);
}

function show(next) {
  const before = snapshot;
  snapshot = next;
  setText(byId('store'), next.gateway.store || 'Lintel');
  setText(byId('gateway'), next.gateway.name || '');
  showHeadline();
  showSensors(next.sensors, before && before.sensors);
  showRegions(next.regions || []);
  showHq(next);
  showBox(next);
}

function heard() {
  lastSign = Date.now();
  setLive(true);
}

let live = null;
function setLive(on) {
  if (on === live) return;
  live = on;
  byId('live').className = `live ${on ? 'on' : 'lost'}`;
  setText(byId('live'), on ? 'live' : 'connection lost');
  document.body.classList.toggle('stale', !on);
  if (on) {
    if (snapshot) showHeadline();
    return;
  }
  // A verdict that nobody renews must not go on looking like one.
  const shown = snapshot ? ' What is shown below is old.' : '';
  showVerdict({
    status: 'waiting',
    text: `No connection to the gateway.${shown}`,
    problems: [{ advice: "Check that this device is in the store's network and that the gateway has power. The page comes back by itself." }],
  });
  document.title = '? Lintel';
}

let stream = null;
function connect() {
  if (stream) stream.close();
  stream = new EventSource('/api/stream');
  stream.onmessage = (event) => {
    heard();
    show(JSON.parse(event.data));
  };
  stream.addEventListener('beat', (event) => {
    heard();
    const { time } = JSON.parse(event.data);
    if (time) clockAhead = Date.parse(time) - Date.now();
    renewAges();
  });
  stream.onerror = () => {
    setLive(false);
    // A refused stream (too many open pages) is not tried again by the browser itself.
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
  };
}

function renewAges() {
  for (const node of document.querySelectorAll('time.ago')) {
    if (node.dateTime) setText(node, ago(node.dateTime));
  }
}

setInterval(() => {
  renewAges();
  if (lastSign !== 0 && Date.now() - lastSign > SILENT_AFTER_MS) {
    lastSign = Date.now(); // one try per silence
    setLive(false);
    connect();
  }
}, 1000);

connect();
