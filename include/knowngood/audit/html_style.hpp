// html_style: the style sheet of the HTML report: light, dark, phone, print.
//
// Layer: audit. Part of audit/report_html.hpp. It loads nothing: system fonts, no image. Colours are never alone: each
// stands with a mark and a word. Contrast is at least 4.5:1 in both schemes; a test computes it from this text.
#pragma once

#include <string_view>

namespace knowngood::detail {

inline constexpr std::string_view html_style = R"css(
:root{color-scheme:light dark;
--page:#f4f5f7;--card:#ffffff;--ink:#1b2130;--dim:#535c6d;--line:#d9dee7;--soft:#eef1f5;--link:#1f4fa8;
--sound:#14663a;--sound-soft:#d9f0e1;--unprotected:#7a4d00;--unprotected-soft:#fcebc4;
--unchecked:#58399b;--unchecked-soft:#e9e2fa;--unsound:#a3141f;--unsound-soft:#fde1e1;
--bad:#c8202f;--on-bad:#ffffff;--bar:#3b6fb6;--none-a:#e6e9ef;--none-b:#f8f9fb}
@media (prefers-color-scheme:dark){:root{
--page:#12151b;--card:#1b2029;--ink:#e8ebf1;--dim:#a3adbd;--line:#343c4a;--soft:#242b36;--link:#8fb6f5;
--sound:#7ddba2;--sound-soft:#173b28;--unprotected:#f3c766;--unprotected-soft:#42320d;
--unchecked:#c3aef7;--unchecked-soft:#33275a;--unsound:#ff9a9a;--unsound-soft:#4d1a20;
--bad:#d63443;--on-bad:#ffffff;--bar:#6f9fe0;--none-a:#2c3440;--none-b:#1f252e}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;overflow-wrap:break-word;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans","DejaVu Sans",sans-serif}
main,header,footer{max-width:68rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.5rem}footer{padding-bottom:2.5rem;color:var(--dim);font-size:.875rem}
h1{font-size:1rem;font-weight:600;margin:0;color:var(--dim)}
h2{font-size:1.2rem;line-height:1.3;margin:0 0 .75rem}
h3{font-size:1rem;margin:1.25rem 0 .5rem}
p{margin:.4rem 0}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1.1rem 1.25rem;margin:1rem 0}
code,pre,.n{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace;font-size:.875em}
code,.n{overflow-wrap:anywhere;unicode-bidi:isolate}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);border-radius:.4rem;padding:.7rem .9rem;margin:.5rem 0}
.dim{color:var(--dim)}
.w{overflow-wrap:anywhere;unicode-bidi:isolate}
.nw{white-space:nowrap}
.small{font-size:.875rem}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.sound{--c:var(--sound);--s:var(--sound-soft)}
.unprotected{--c:var(--unprotected);--s:var(--unprotected-soft)}
.unchecked{--c:var(--unchecked);--s:var(--unchecked-soft)}
.unsound{--c:var(--unsound);--s:var(--unsound-soft)}
.tag{display:inline-block;background:var(--s);color:var(--c);border-radius:1rem;padding:.05rem .6rem;font-size:.875rem;font-weight:600;white-space:nowrap}
.over{color:var(--unsound);font-weight:600}
.banner{background:var(--s);border:1px solid var(--c);border-left-width:.6rem;padding:1.2rem 1.25rem}
.banner .word{font-size:1.9rem;line-height:1.2;font-weight:700;color:var(--c);margin:0;overflow-wrap:anywhere}
.banner p{overflow-wrap:anywhere}
.runs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:1rem;margin:1rem 0}
.run{background:var(--card);border:1px solid var(--line);border-top:.3rem solid var(--c);border-radius:.6rem;padding:1rem 1.1rem}
.run h2{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:.4rem;margin-bottom:.3rem}
.run p{overflow-wrap:anywhere}
.figures{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;margin:.7rem 0 0;padding:0;list-style:none}
.figures b{font-size:1.15rem;font-variant-numeric:tabular-nums}
.figures li{color:var(--dim);font-size:.875rem}.figures b{color:var(--ink)}
.scroll{overflow-x:auto;margin:0 -1.25rem;padding:0 1.25rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.5rem .6rem;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{font-size:.8125rem;color:var(--dim);font-weight:600;white-space:nowrap}
tbody th{font-weight:600}tbody th .n{font-family:inherit;font-size:1em}tbody th .dim{font-weight:400}
.spark+.small{white-space:nowrap}
td.r,th.r{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td .n,th .n,td .w,th .w{min-width:7rem;display:inline-block}td code{min-width:9rem;display:inline-block}tbody th code{min-width:11.5rem;display:inline-block}
.spark{display:block;width:7.5rem;height:1.9rem;margin-bottom:-.2rem}
.spark path{fill:none;stroke:var(--bar);stroke-width:1.5;stroke-linejoin:round}
.spark .p{fill:var(--bar)}.spark .x{fill:var(--bad)}
.nights{display:flex;flex-wrap:wrap;gap:1.25rem 1.75rem;align-items:flex-start}
.month{width:auto;margin:0;border-collapse:separate;border-spacing:3px;table-layout:fixed}
.month caption{text-align:left;font-weight:600;font-size:.9375rem;padding:0 0 .2rem 2px}
.month th{padding:0;border:0;text-align:center;font-size:.75rem;font-weight:500}
.month td{width:2.3rem;height:2.3rem;padding:0;border:0;text-align:center;vertical-align:middle;border-radius:.35rem;font-size:.8125rem;line-height:1.05;position:relative;font-variant-numeric:tabular-nums}
.month td b{display:block;font-size:.75rem;line-height:1}
.month td.sound,.month td.unprotected,.month td.unchecked{background:var(--s);color:var(--c)}
.month td.unsound{background:var(--bad);color:var(--on-bad);font-weight:700}
.month td.none{background:repeating-linear-gradient(45deg,var(--none-a) 0 4px,var(--none-b) 4px 8px);color:var(--ink);outline:2px dashed var(--unsound);outline-offset:-2px}
.month td.idle{color:var(--dim)}
.month td.now{border:1px dashed var(--dim);color:var(--dim)}
.month td.drilled::after{content:"";position:absolute;right:3px;top:3px;width:6px;height:6px;border-radius:50%;background:currentColor}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:0;margin:.9rem 0 0;list-style:none;font-size:.875rem;color:var(--dim)}
.legend i{display:inline-flex;align-items:center;justify-content:center;width:1.1rem;height:1.1rem;border-radius:.25rem;margin-right:.35rem;font-style:normal;font-weight:700;font-size:.75rem;vertical-align:-.15rem;background:var(--s);color:var(--c)}
.legend i.none{background:repeating-linear-gradient(45deg,var(--none-a) 0 4px,var(--none-b) 4px 8px);outline:2px dashed var(--unsound);outline-offset:-2px}
.legend i.unsound{background:var(--bad);color:var(--on-bad)}
.legend i.dot{background:none}.legend i.dot::after{content:"";width:6px;height:6px;border-radius:50%;background:var(--ink)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:1.25rem}
figure{margin:0}
figcaption{font-weight:600;margin-bottom:.2rem;overflow-wrap:anywhere}
.chart{display:block;width:100%;max-width:28rem;height:auto;overflow:visible}
.chart text{fill:var(--dim);font-size:11px;font-family:inherit}
.chart .v{fill:var(--ink);font-weight:600}
.chart .v.bad,.chart .v.failed{fill:var(--unsound)}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart .bar{fill:var(--bar)}.chart .bar.bad{fill:var(--bad)}.chart .bar.failed{fill:none;stroke:var(--bad);stroke-width:2}
.chart .goal{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 3}
.chart .gl{fill:var(--ink)}
.check{border-left:.25rem solid var(--c);padding:.1rem 0 .1rem .9rem;margin:1.1rem 0}
.check h4{margin:0;font-size:1rem;display:flex;flex-wrap:wrap;gap:.2rem .6rem;align-items:baseline}
.check h4 code{color:var(--c);font-size:1rem}
.check .advice{margin:.5rem 0 0}
.found{list-style:none;margin:.4rem 0 0;padding:0}
.found>li{padding:.45rem 0;border-top:1px solid var(--line)}.found>li:first-child{border-top:0}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.1rem .8rem;margin:.15rem 0}
dt{color:var(--dim);font-size:.875rem}dd{margin:0;overflow-wrap:anywhere}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--link);font-weight:600;padding:.2rem 0}
summary:focus-visible,.scroll:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
ul.plain{margin:.3rem 0;padding-left:1.2rem}
@media (max-width:40rem){
body{font-size:.9375rem}
main,header,footer{padding-left:.75rem;padding-right:.75rem}
section{padding:.9rem .9rem}.scroll{margin:0 -.9rem;padding:0 .9rem}
.banner .word{font-size:1.5rem}
.month td{width:2.25rem;height:2.25rem}
dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:.25rem}
.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards,.cards tbody,.cards tr,.cards th,.cards td{display:block;width:auto}
.cards tr{border-top:1px solid var(--line);padding:.7rem 0}.cards tbody tr:first-child{border-top:0;padding-top:0}
.cards th,.cards td{border:0;padding:.12rem 0}
.cards td[data-label]{display:grid;grid-template-columns:7rem minmax(0,1fr);gap:.6rem;text-align:left}
.cards td[data-label]::before{content:attr(data-label);color:var(--dim);font-size:.875rem}
.cards td.r{white-space:normal}
.cards td.empty{display:none}}
@media print{
:root{color-scheme:light;--page:#ffffff;--card:#ffffff;--ink:#000000;--dim:#3f4754;--line:#b9c0cc;--soft:#f2f4f7;--link:#000000;
--sound:#14663a;--sound-soft:#e4f4ea;--unprotected:#6b4300;--unprotected-soft:#fcebc4;--unchecked:#4c3088;--unchecked-soft:#ece6fa;
--unsound:#94101a;--unsound-soft:#fde1e1;--bad:#c8202f;--on-bad:#ffffff;--bar:#3b6fb6;--none-a:#dfe3ea;--none-b:#ffffff}
@page{size:A4;margin:14mm 12mm}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
html{font-size:9.5pt}body{font-size:1rem}
main,header,footer{max-width:none;padding:0}
section,.run{border-radius:0;break-inside:auto}
.banner,.run,figure,.month,.check h4,.found>li,tr{break-inside:avoid}
h2,h3,.check h4{break-after:avoid}
.scroll{overflow:visible;margin:0;padding:0}
thead{display:table-header-group}
.nights{display:block}.month{display:inline-table;vertical-align:top;margin:0 5mm 4mm 0}.month td{width:7.6mm;height:7.6mm}
.sum{break-after:avoid}
.charts{grid-template-columns:repeat(3,1fr)}
th,td{padding:.25rem .4rem}
details:not([open])>summary{color:var(--dim)}}
)css";

}  // namespace knowngood::detail
