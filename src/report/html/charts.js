"use strict";
// The charts: each a list of columns over x, drawn anew when the series, the colours or the paper change.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { all } = data;
  const select = document.getElementById("series");
  const logarithmic = document.getElementById("logarithmic");
  const whole = document.getElementById("whole");
  const root = document.documentElement;
  const PAPER = 680;

  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const digits = (value) => {
    const decimals = value === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    return value.toLocaleString("en-US", { maximumFractionDigits: decimals });
  };
  const ms = (value) => (value < 1000 ? `${digits(value)} ms` : `${digits(value / 1000)} s`);
  const perSecond = (value) => `${digits(value)}/s`;
  const clock = (seconds) => {
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), Math.round((seconds % 60) * 10) / 10];
    const two = (value) => String(value).padStart(2, "0");
    return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  };
  const timeOfDay = (seconds) => new Date((data.start + Math.floor(seconds)) * 1000).toISOString().slice(11, 19);

  // The middle of each slice, and how much of it the run took.
  const middles = (course) => course.requests.map((_, i) => Math.min((i + 0.5) * course.width, data.duration));
  const rates = (counts, width, length) =>
    Array.from({ length }, (_, i) => {
      const covered = Math.min(width, data.duration - i * width);
      // The rest of a slice that the run hardly began would say anything.
      if (counts[i] === null || (covered <= width / 2 && length > 1)) return null;
      return (counts[i] ?? 0) / Math.max(covered, 0.001);
    });

  const charts = new Map();
  let zoom = null;

  const bands = (u) => {
    const { ctx } = u;
    const { left, top, width, height } = u.bbox;
    const pixels = devicePixelRatio;
    const inside = (value) => Math.max(left, Math.min(left + width, u.valToPos(value, "x", true)));
    ctx.save();
    ctx.font = `${11 * pixels}px system-ui, sans-serif`;
    ctx.textBaseline = "top";
    data.bands.forEach((band, i) => {
      const [from, to] = [inside(band.from), inside(band.to)];
      if (i % 2 === 0) {
        ctx.fillStyle = colour("band");
        ctx.fillRect(from, top, to - from, height);
      }
      ctx.fillStyle = colour("line");
      ctx.fillRect(to, top, pixels, height);
      if (ctx.measureText(band.label).width + 8 * pixels < to - from) {
        ctx.fillStyle = colour("quiet");
        ctx.fillText(band.label, from + 4 * pixels, top + 3 * pixels);
      }
    });
    ctx.restore();
  };

  const axis = (values, more) => ({
    stroke: () => colour("quiet"),
    grid: { stroke: () => colour("grid"), width: 1 },
    ticks: { stroke: () => colour("grid"), width: 1, size: 4 },
    font: "11px system-ui, sans-serif",
    values,
    ...more,
  });
  const each = (show) => (u, splits) => splits.map((value) => (value === null ? "" : show(value)));

  // Shows columns { label, values, colour, show, scale, dash, fill, paths } over x.
  const draw = (host, x, columns, kind) => {
    const width = root.hasAttribute("data-print") ? PAPER : host.clientWidth;
    const narrow = width < 480;
    const right = columns.find((column) => column.scale === "right");
    const shown = { ...columns.find((column) => column.scale !== "right"), ...kind };
    const zeroUp = (u, min, max) => [0, max > 0 ? max * 1.08 : 1];
    const scale = shown.logarithmic ? { distr: 3 } : { range: zeroUp };
    const options = {
      width,
      height: narrow ? 200 : 240,
      padding: [10, right ? 0 : kind.overTime ? 52 : 16, 0, 0],
      legend: { markers: { width: 0, fill: (u, i) => colour(columns[i - 1].colour) } },
      cursor: {
        drag: { x: true, y: false },
        points: { size: 7 },
        ...(kind.overTime ? { sync: { key: "time", scales: ["x", null] } } : {}),
      },
      scales: { x: { time: false, range: kind.range ?? ((u, min, max) => [min, max]) }, y: scale, right: { range: zeroUp } },
      axes: [
        axis(each(kind.tick), { space: narrow ? 60 : 70, size: 30, incrs: kind.incrs, splits: kind.splits }),
        axis(each(shown.show), { size: 62 }),
        ...(right ? [axis(each(right.show), { side: 1, scale: "right", size: 52, grid: { show: false } })] : []),
      ],
      series: [
        { label: kind.xLabel, value: (u, value) => (value === null || value === undefined ? "" : kind.exact(value)) },
        ...columns.map((column) => ({
          label: column.label,
          scale: column.scale ?? "y",
          stroke: colour(column.colour),
          fill: column.fill ? `${colour(column.colour)}26` : undefined,
          width: 1.75,
          dash: column.dash,
          spanGaps: column.spanGaps,
          paths: column.paths,
          points: column.paths ? { show: false } : undefined,
          value: (u, value, i, at) => (at === null || at === undefined ? "" : value === null || value === undefined ? "–" : column.show(value)),
        })),
      ],
      hooks: {
        drawClear: kind.overTime ? [bands] : [],
        setScale: [(u, key) => {
          if (key !== "x" || !kind.overTime || u.scales.x.min === undefined) return;
          const { min, max } = u.scales.x;
          zoom = min > 0 || max < data.duration ? { min, max } : null;
          whole.hidden = zoom === null;
        }],
      },
    };
    charts.get(host)?.destroy();
    host.replaceChildren();
    const u = new uPlot(options, [x, ...columns.map((column) => column.values)], host);
    if (kind.overTime) u.setScale("x", zoom ?? { min: 0, max: Math.max(data.duration, 0.001) });
    charts.set(host, u);
    const canvas = host.querySelector("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Chart of ${columns.map((column) => column.label).join(", ")}; its values are in the table below it`);
    // The legend switches its series; by keyboard too.
    host.querySelectorAll(".u-series").forEach((row, i) => {
      if (i === 0) return;
      const heading = row.querySelector("th");
      heading.tabIndex = 0;
      heading.setAttribute("role", "button");
      heading.setAttribute("aria-pressed", "true");
      heading.addEventListener("click", () => heading.setAttribute("aria-pressed", String(u.series[i].show)));
      heading.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        heading.click();
      });
    });
    host.append(values(x, columns, kind));
  };

  // The same numbers as a table, made when somebody opens it.
  const values = (x, columns, kind) => {
    const element = (name, text) => Object.assign(document.createElement(name), text === undefined ? {} : { textContent: text });
    const details = element("details");
    details.className = "values";
    details.append(element("summary", "Values"));
    details.addEventListener("toggle", () => {
      if (!details.open || details.querySelector("table")) return;
      const table = element("table");
      const heading = table.createTHead().insertRow();
      for (const label of [kind.xLabel, ...columns.map((column) => column.label)]) {
        heading.append(Object.assign(element("th", label), { scope: "col" }));
      }
      const body = table.createTBody();
      x.forEach((at, i) => {
        const row = body.insertRow();
        row.append(Object.assign(element("th", kind.exact(at)), { scope: "row" }));
        for (const column of columns) {
          const value = column.values[i];
          row.append(element("td", value === null || value === undefined ? "–" : column.show(value)));
        }
      });
      const frame = Object.assign(element("div"), { className: "frame", tabIndex: 0 });
      frame.append(table);
      details.append(frame);
    });
    return details;
  };

  const overTime = (width) => ({
    overTime: true,
    xLabel: "Time",
    tick: clock,
    incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800],
    exact: (at) => {
      const from = Math.floor(at / width) * width;
      return `${clock(from)} to ${clock(Math.min(from + width, data.duration))} (${timeOfDay(from)} UTC)`;
    },
  });

  const spectrumColumns = (distribution) => {
    const curve = (spectrum) => {
      const last = spectrum.times.length - 1;
      return [spectrum.times.map((_, i) => (i === last && last > 0 ? Math.log10(spectrum.count) : i / spectrum.steps)), spectrum.times];
    };
    if (!distribution.service) return curve(distribution.response);
    return uPlot.join([curve(distribution.response), curve(distribution.service)]);
  };
  const nines = (x) => (x < 0.001 ? "0%" : Math.abs(x - Math.log10(2)) < 0.001 ? "50%" : x < 1.5 ? "90%" : x < 2.5 ? "99%" : `99.${"9".repeat(Math.round(x) - 2)}%`);
  const percentile = (x) => `${Number((100 * (1 - 10 ** -x)).toFixed(Math.max(1, Math.ceil(x) - 1)))}% of requests`;

  const drawOne = {
    times(host, chosen) {
      const { course } = chosen;
      const column = (label) => ({ label, values: course[label], colour: label, show: ms });
      draw(host, middles(course), ["p50", "p95", "p99"].map(column), { ...overTime(course.width), logarithmic: logarithmic.checked });
    },
    load(host) {
      const { course } = all;
      const length = course.requests.length;
      const rate = (counts) => rates(counts, course.width, length);
      const columns = [{ label: "users", values: all.users, colour: "users", show: digits, scale: "right", spanGaps: true }];
      if (all.due.length > 0) {
        columns.push({ label: "arrivals started", values: rate(all.started), colour: "p50", show: perSecond });
        columns.push({ label: "arrivals offered", values: rate(all.due), colour: "p95", show: perSecond, dash: [6, 4] });
      } else {
        columns.push({ label: "requests", values: rate(course.requests), colour: "p50", show: perSecond });
      }
      draw(host, middles(course), columns, overTime(course.width));
    },
    throughput(host, chosen) {
      const { course } = chosen;
      const rate = (counts) => rates(counts, course.width, course.requests.length);
      draw(host, middles(course), [
        { label: "requests", values: rate(course.requests), colour: "p50", show: perSecond, fill: true },
        { label: "failures", values: rate(course.failures), colour: "bad", show: perSecond, fill: true },
      ], overTime(course.width));
    },
    generator(host) {
      const { course } = all;
      const percent = (value) => `${digits(value * 100)}%`;
      draw(host, middles(course), [
        { label: "CPU, of one core", values: rates(all.cpu, course.width, all.cpu.length), colour: "p50", show: percent, fill: true },
        { label: "largest lateness", values: all.lateness, colour: "p95", show: ms, scale: "right" },
      ], overTime(course.width));
    },
    spectrum(host, chosen) {
      const [x, ...columns] = spectrumColumns(chosen.distribution);
      const names = chosen.distribution.service ? ["response time", "service time"] : ["response time"];
      const last = x[x.length - 1];
      const ticks = [0, Math.log10(2), 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((at) => at <= last);
      draw(host, x, columns.map((values, i) => ({
        label: names[i], values, colour: ["p50", "p95"][i], show: ms, dash: i > 0 ? [6, 4] : undefined, fill: i === 0,
      })), {
        xLabel: "At most", tick: nines, exact: percentile, splits: () => ticks, logarithmic: logarithmic.checked,
        range: (u, min, max) => [0, Math.max(max, 0.5)],
      });
    },
    histogram(host, chosen) {
      const { from, ratio, counts } = chosen.distribution.bars;
      const start = Math.log10(Math.max(from, 0.001));
      const step = Math.log10(ratio);
      const x = counts.map((_, i) => start + (i + 0.5) * step);
      const ticks = (u, axisIndex, min, max) => {
        const found = [];
        for (let decade = Math.floor(min); decade <= max; decade += 1) {
          for (const digit of max - min < 1.2 ? [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 5]) {
            const at = decade + Math.log10(digit);
            if (at >= min && at <= max) found.push(at);
          }
        }
        return found;
      };
      draw(host, x, [{ label: "requests", values: counts, colour: "p50", show: digits, fill: true, paths: uPlot.paths.bars({ size: [0.92, 100] }) }], {
        xLabel: "Took", tick: (at) => ms(Number((10 ** at).toPrecision(2))), splits: ticks,
        exact: (at) => `${ms(10 ** (at - step / 2))} to ${ms(10 ** (at + step / 2))}`,
        range: (u, min, max) => [min - step / 2, max + step / 2],
      });
    },
  };

  const drawAll = () => {
    const chosen = data.names[select.value] ?? all;
    for (const host of document.querySelectorAll("[data-chart]")) {
      const kind = host.dataset.chart;
      const of = kind === "load" || kind === "generator" ? all : chosen;
      const times = of.distribution?.response.times.length ?? 0;
      const timed = kind !== "spectrum" && kind !== "histogram" ? of.course.requests.length > 0 : times > 0;
      if (timed) {
        drawOne[kind](host, of);
      } else {
        charts.get(host)?.destroy();
        charts.delete(host);
        host.textContent = "There is nothing to show: nothing was counted.";
      }
    }
  };

  data.names.forEach(({ method, name }, i) => select.append(new Option(`${method} ${name}`.trim(), String(i))));
  if (data.names.length < data.named) {
    document.getElementById("left-out").textContent = `${data.names.length} of ${data.named} names have charts of their own, those with the most requests.`;
  }
  drawAll();

  select.addEventListener("change", drawAll);
  logarithmic.addEventListener("change", drawAll);
  whole.addEventListener("click", () => {
    zoom = null;
    drawAll();
  });
  document.addEventListener("theme", drawAll);
  let width = root.clientWidth;
  addEventListener("resize", () => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    drawAll();
  });
  // Paper is light, and of its own width.
  addEventListener("beforeprint", () => {
    root.setAttribute("data-print", "");
    drawAll();
  });
  addEventListener("afterprint", () => {
    root.removeAttribute("data-print");
    drawAll();
  });
})();
