/* Figures as people read them. Money comes in whole cents, which a number holds exactly. */
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const MISSING = '–';

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

function usd(cents) {
  if (cents === null || cents === undefined) return MISSING;
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '−' : ''}${grouped(digits.slice(0, -2))}.${digits.slice(-2)}`;
}

function signed(cents) {
  return cents > 0 ? `+${usd(cents)}` : usd(cents);
}

function number(value, decimals = 0) {
  if (value === null || value === undefined) return MISSING;
  const [whole, rest] = Math.abs(value).toFixed(decimals).split('.');
  return `${value < 0 ? '−' : ''}${grouped(whole)}${rest ? `.${rest}` : ''}`;
}

function percentText(value) {
  return value === null || value === undefined ? MISSING : `${number(value, 1)} %`;
}

function monthText(day) {
  return `${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(0, 4)}`;
}

function dayText(day) {
  return day ? `${Number(day.slice(8, 10))} ${monthText(day)}` : MISSING;
}

function momentText(moment) {
  return moment && moment.length > 10 ? `${dayText(moment)}, ${moment.slice(11, 16)} UTC` : dayText(moment);
}

const ABBREVIATIONS = { nat: 'NAT', nfs: 'NFS', ips: 'IPs', microvms: 'MicroVMs', gpu: 'GPU' };

function featureText(feature) {
  if (!feature) return MISSING;
  const words = feature
    .split('_')
    .map((word) => ABBREVIATIONS[word] || word)
    .join(' ');
  return words[0].toUpperCase() + words.slice(1);
}

function plural(count, one, many) {
  return `${number(count)} ${count === 1 ? one : many}`;
}
