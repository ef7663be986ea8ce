//! Where a file can be changed, and how.
//!
//! A place becomes `(if crate::mutant::on(7) { changed } else { as it was })`. What is changed is the text as it was, without
//! the switches inside it: only one switch is ever on, and so the file grows with the depth of its expressions and not with
//! a power of two.

use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, BinOp, Block, Expr, Lit, Pat, ReturnType, Signature, Stmt, Token, Type, UnOp,
    parse_quote,
};

/// A change at a place.
#[derive(Clone, Debug)]
pub struct Mutant {
    pub number: u32,
    /// The file below `crates/prove/src`.
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// The function, with the type that it is of.
    pub function: String,
    /// The line as it is written.
    pub text: String,
    /// What becomes something else.
    pub change: String,
}

/// Puts switches into files.
#[derive(Default)]
pub struct Points {
    pub found: Vec<Mutant>,
    file: String,
    lines: Vec<String>,
    within: Vec<String>,
}

impl Points {
    /// The text of a file with its switches.
    pub fn rewrite(&mut self, file: &str, text: &str) -> syn::Result<String> {
        self.file = file.to_owned();
        self.lines = text.lines().map(|own| own.trim().to_owned()).collect();
        let mut parsed = syn::parse_file(text)?;
        self.visit_file_mut(&mut parsed);
        Ok(prettyplease::unparse(&parsed))
    }

    /// The number of a change.
    fn number(&mut self, place: &dyn Place, change: String) -> u32 {
        let number = self.found.len() as u32;
        let start = place.start();
        self.found.push(Mutant {
            number,
            file: self.file.clone(),
            line: start.line,
            column: start.column + 1,
            function: self.within.join("::"),
            text: self
                .lines
                .get(start.line.saturating_sub(1))
                .cloned()
                .unwrap_or_default(),
            change,
        });
        number
    }

    /// The expression, or one of the others if its switch is on.
    fn switched(&mut self, place: &dyn Place, own: Expr, others: Vec<(String, Expr)>) -> Expr {
        let mut own = own;
        for (change, other) in others {
            let number = self.number(place, change);
            own = parse_quote!((if crate::mutant::on(#number) { #other } else { #own }));
        }
        own
    }

    /// What a function can answer without doing anything.
    fn answers(&mut self, signature: &Signature, block: &mut Block) {
        if signature.ident == "fmt" || block.stmts.is_empty() {
            return;
        }
        let constants = |of: &dyn Fn(&str) -> Expr| vec![of("true"), of("false")];
        let others: Vec<Option<Expr>> = match &signature.output {
            ReturnType::Default => vec![None],
            ReturnType::Type(_, returned) => {
                let returned: String = returned
                    .to_token_stream()
                    .to_string()
                    .split_whitespace()
                    .collect();
                let exprs: Vec<Expr> = match returned.as_str() {
                    "bool" => vec![parse_quote!(true), parse_quote!(false)],
                    "Option<bool>" => vec![
                        parse_quote!(None),
                        parse_quote!(Some(true)),
                        parse_quote!(Some(false)),
                    ],
                    "Result<bool,UsedUp>" => vec![parse_quote!(Ok(true)), parse_quote!(Ok(false))],
                    "Result<(),UsedUp>" => vec![parse_quote!(Ok(()))],
                    "Formula" | "A::Value" | "Self::Value" | "Option<A::Value>" => {
                        let is_optional = returned.starts_with("Option");
                        let Some(algebra) = algebra(signature) else {
                            return;
                        };
                        let mut all = constants(&|truth| {
                            let truth = syn::Ident::new(truth, signature.ident.span());
                            let own: Expr =
                                parse_quote!(crate::algebra::Algebra::constant(#algebra, #truth));
                            match is_optional {
                                true => parse_quote!(Some(#own)),
                                false => own,
                            }
                        });
                        if is_optional {
                            all.push(parse_quote!(None));
                        }
                        all
                    }
                    own if own.starts_with("Option<") => vec![parse_quote!(None)],
                    own if own.starts_with("Result<Option<") => vec![parse_quote!(Ok(None))],
                    own if own.starts_with("Result<Vec<") => vec![parse_quote!(Ok(Vec::new()))],
                    own if [
                        "Vec<",
                        "BTreeSet<",
                        "BTreeMap<",
                        "HashMap<",
                        "HashSet<",
                        "String",
                    ]
                    .iter()
                    .any(|start| own.starts_with(start)) =>
                    {
                        vec![parse_quote!(Default::default())]
                    }
                    _ => return,
                };
                exprs.into_iter().map(Some).collect()
            }
        };
        let mut starts: Vec<Stmt> = Vec::new();
        for other in others {
            let shown = other.as_ref().map_or("nothing".to_owned(), short);
            let change = format!("the function answers {shown}");
            let number = self.number(&signature.ident, change);
            starts.push(parse_quote!(if crate::mutant::on(#number) { return #other; }));
        }
        block.stmts.splice(0..0, starts);
    }

    fn function(&mut self, attributes: &[Attribute], signature: &Signature, block: &mut Block) {
        if is_test(attributes) || signature.constness.is_some() {
            return;
        }
        self.within.push(signature.ident.to_string());
        self.visit_block_mut(block);
        self.answers(signature, block);
        self.within.pop();
    }

    /// What a condition can be without being asked. Comparisons and the like have changes of their own.
    fn condition(&mut self, before: &Expr, own: Expr, truths: &[bool]) -> Expr {
        let has_own = match before {
            Expr::Binary(_) | Expr::Unary(_) | Expr::Lit(_) | Expr::Let(_) => true,
            Expr::Paren(inner) => matches!(*inner.expr, Expr::Binary(_)),
            _ => false,
        };
        if has_own {
            return own;
        }
        let others = truths.iter().map(|truth| {
            let change = format!("`{}` -> {truth}", short(before));
            (change, parse_quote!(#truth))
        });
        let others = others.collect();
        self.switched(before, own, others)
    }
}

/// The parameter that makes formulas.
fn algebra(signature: &Signature) -> Option<syn::Ident> {
    signature.inputs.iter().find_map(|own| match own {
        syn::FnArg::Typed(own) => {
            let Type::Reference(reference) = &*own.ty else {
                return None;
            };
            let of = reference.elem.to_token_stream().to_string();
            match &*own.pat {
                Pat::Ident(name) if of == "A" || of == "Formulas" => Some(name.ident.clone()),
                _ => None,
            }
        }
        syn::FnArg::Receiver(_) => None,
    })
}

trait Place {
    fn start(&self) -> proc_macro2::LineColumn;
}

impl<T: Spanned> Place for T {
    fn start(&self) -> proc_macro2::LineColumn {
        self.span().start()
    }
}

/// Something as it is written, on one line and not too long.
fn short(own: &impl ToTokens) -> String {
    let text = own.to_token_stream().to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{} ...", &text[..at]),
        None => text,
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    // A comment may speak of tests and be about what conditions ask.
    let mut attributes = attributes.iter().filter(|own| !own.path().is_ident("doc"));
    attributes.any(|own| {
        let text = own.to_token_stream().to_string();
        text.contains("test") || text.contains("derive")
    })
}

/// Methods that mean something else under another name, with the same parameters.
const TWINS: [(&str, &str); 10] = [
    ("any", "all"),
    ("all", "any"),
    ("min", "max"),
    ("max", "min"),
    ("first", "last"),
    ("last", "first"),
    ("is_some_and", "is_none_or"),
    ("is_none_or", "is_some_and"),
    ("and", "or"),
    ("or", "and"),
];

/// Methods that say yes or no.
const SAYS: [&str; 11] = [
    "is_empty",
    "contains",
    "contains_key",
    "starts_with",
    "ends_with",
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "eq_ignore_ascii_case",
    "is_subset",
];

/// Methods whose closure says yes or no.
const CHOOSES: [&str; 12] = [
    "filter",
    "any",
    "all",
    "find",
    "position",
    "take_while",
    "skip_while",
    "retain",
    "is_some_and",
    "is_none_or",
    "partition",
    "is_sorted_by",
];

fn binary(own: &syn::ExprBinary, op: BinOp) -> Expr {
    let mut other = own.clone();
    other.op = op;
    Expr::Binary(other)
}

fn is_text(own: &Expr) -> bool {
    let text = own.to_token_stream().to_string();
    text.contains('"') || text.contains("format !")
}

fn has_let(own: &Expr) -> bool {
    match own {
        Expr::Let(_) => true,
        Expr::Binary(own) => has_let(&own.left) || has_let(&own.right),
        _ => false,
    }
}

/// What an expression can become.
fn others(own: &Expr) -> Vec<(String, Expr)> {
    match own {
        Expr::Binary(all) if !has_let(own) => {
            let changed: Vec<(&str, &str, BinOp)> = match all.op {
                BinOp::Lt(_) => vec![("<", "<=", parse_quote!(<=)), ("<", ">=", parse_quote!(>=))],
                BinOp::Le(_) => vec![("<=", "<", parse_quote!(<)), ("<=", ">", parse_quote!(>))],
                BinOp::Gt(_) => vec![(">", ">=", parse_quote!(>=)), (">", "<=", parse_quote!(<=))],
                BinOp::Ge(_) => vec![(">=", ">", parse_quote!(>)), (">=", "<", parse_quote!(<))],
                BinOp::Eq(_) => vec![("==", "!=", parse_quote!(!=))],
                BinOp::Ne(_) => vec![("!=", "==", parse_quote!(==))],
                BinOp::And(_) => vec![("&&", "||", parse_quote!(||))],
                BinOp::Or(_) => vec![("||", "&&", parse_quote!(&&))],
                BinOp::Add(_) if !is_text(own) => vec![("+", "-", parse_quote!(-))],
                BinOp::Sub(_) => vec![("-", "+", parse_quote!(+))],
                BinOp::AddAssign(_) if !is_text(own) => vec![("+=", "-=", parse_quote!(-=))],
                BinOp::SubAssign(_) => vec![("-=", "+=", parse_quote!(+=))],
                BinOp::BitAnd(_) => vec![("&", "|", parse_quote!(|))],
                BinOp::BitOr(_) => vec![("|", "&", parse_quote!(&))],
                _ => Vec::new(),
            };
            changed
                .into_iter()
                .map(|(from, to, op)| {
                    (
                        format!("`{from}` -> `{to}` in `{}`", short(own)),
                        binary(all, op),
                    )
                })
                .collect()
        }
        Expr::Unary(all) if matches!(all.op, UnOp::Not(_)) => {
            // Of a reference too, `!` makes a value.
            vec![(
                format!("`!` is gone in `{}`", short(own)),
                parse_quote!(!#own),
            )]
        }
        Expr::Lit(all) => match &all.lit {
            Lit::Bool(truth) => {
                let other = !truth.value;
                vec![(format!("{} -> {other}", truth.value), parse_quote!(#other))]
            }
            Lit::Int(number) => {
                let Ok(value) = number.base10_parse::<u64>() else {
                    return Vec::new();
                };
                // Larger ones are limits of cost.
                let other = match value {
                    0 => 1,
                    1 => 0,
                    2..1000 => value + 1,
                    _ => return Vec::new(),
                };
                let text = format!("{other}{}", number.suffix());
                let literal = syn::LitInt::new(&text, number.span());
                vec![(format!("{value} -> {other}"), parse_quote!(#literal))]
            }
            _ => Vec::new(),
        },
        Expr::Macro(all) if all.mac.path.is_ident("matches") => {
            vec![(
                format!("`{}` turned round", short(own)),
                parse_quote!(!#own),
            )]
        }
        Expr::Macro(all) if all.mac.path.is_ident("vec") => {
            let Some(elements) = elements(all) else {
                return Vec::new();
            };
            let count = elements.len();
            (0..count)
                .map(|gone| {
                    let kept = elements
                        .iter()
                        .enumerate()
                        .filter(|(at, _)| *at != gone)
                        .map(|(_, own)| own);
                    let change =
                        format!("`{}` is gone in `{}`", short(&elements[gone]), short(own));
                    (change, parse_quote!(vec![#(#kept),*]))
                })
                .collect()
        }
        Expr::MethodCall(all) => {
            let name = all.method.to_string();
            let mut found = Vec::new();
            for (from, to) in TWINS {
                let is_asked = |own: &Expr| matches!(own, Expr::Closure(_) | Expr::Path(_));
                let takes = !matches!(name.as_str(), "any" | "all")
                    || all.args.len() == 1 && all.args.iter().all(is_asked);
                if name == from && takes {
                    let mut other = all.clone();
                    other.method = syn::Ident::new(to, all.method.span());
                    let change = format!("`{from}` -> `{to}` in `{}`", short(own));
                    found.push((change, Expr::MethodCall(other)));
                }
            }
            if SAYS.contains(&name.as_str()) {
                found.push((
                    format!("`{}` turned round", short(own)),
                    parse_quote!(!#own),
                ));
            }
            if name == "not" && all.args.len() == 1 {
                found.push((
                    format!("`not` is gone in `{}`", short(own)),
                    all.args[0].clone(),
                ));
            }
            found
        }
        _ => Vec::new(),
    }
}

fn elements(own: &syn::ExprMacro) -> Option<Punctuated<Expr, Token![,]>> {
    own.mac
        .parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
        .ok()
}

/// True for a statement that can be left out.
fn can_go(own: &Stmt) -> bool {
    let Stmt::Expr(own, semicolon) = own else {
        return false;
    };
    match own {
        Expr::MethodCall(_) | Expr::Call(_) | Expr::Assign(_) => semicolon.is_some(),
        Expr::Binary(own) => {
            let text = own.op.to_token_stream().to_string();
            semicolon.is_some() && text.ends_with('=') && text != "=="
        }
        Expr::Try(own) => {
            // What is spent is a limit of cost.
            let is_spent = matches!(&*own.expr, Expr::MethodCall(own) if own.method == "spend");
            semicolon.is_some() && !is_spent
        }
        Expr::ForLoop(_) => true,
        Expr::If(own) => own.else_branch.is_none() && has_let(&own.cond),
        _ => false,
    }
}

impl VisitMut for Points {
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
    fn visit_item_const_mut(&mut self, _: &mut syn::ItemConst) {}
    fn visit_item_static_mut(&mut self, _: &mut syn::ItemStatic) {}
    fn visit_impl_item_const_mut(&mut self, _: &mut syn::ImplItemConst) {}
    fn visit_trait_item_const_mut(&mut self, _: &mut syn::TraitItemConst) {}
    fn visit_item_enum_mut(&mut self, _: &mut syn::ItemEnum) {}
    fn visit_item_macro_mut(&mut self, _: &mut syn::ItemMacro) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_generic_argument_mut(&mut self, _: &mut syn::GenericArgument) {}
    fn visit_expr_const_mut(&mut self, _: &mut syn::ExprConst) {}

    fn visit_item_mod_mut(&mut self, own: &mut syn::ItemMod) {
        if !is_test(&own.attrs) {
            visit_mut::visit_item_mod_mut(self, own);
        }
    }

    fn visit_item_impl_mut(&mut self, own: &mut syn::ItemImpl) {
        if is_test(&own.attrs) {
            return;
        }
        let text: String = match &*own.self_ty {
            Type::Path(path) => path
                .path
                .segments
                .last()
                .map_or(String::new(), |own| own.ident.to_string()),
            other => short(other),
        };
        self.within.push(text);
        visit_mut::visit_item_impl_mut(self, own);
        self.within.pop();
    }

    fn visit_item_fn_mut(&mut self, own: &mut syn::ItemFn) {
        self.function(&own.attrs, &own.sig, &mut own.block);
    }

    fn visit_impl_item_fn_mut(&mut self, own: &mut syn::ImplItemFn) {
        self.function(&own.attrs, &own.sig, &mut own.block);
    }

    fn visit_trait_item_fn_mut(&mut self, own: &mut syn::TraitItemFn) {
        if let Some(block) = &mut own.default {
            self.function(&own.attrs, &own.sig, block);
        }
    }

    fn visit_block_mut(&mut self, own: &mut Block) {
        for statement in &mut own.stmts {
            let before = statement.clone();
            visit_mut::visit_stmt_mut(self, statement);
            if !can_go(&before) {
                continue;
            }
            let change = format!("`{}` is gone", short(&before));
            let number = self.number(&before, change);
            let now = statement.clone();
            *statement = parse_quote!(if !crate::mutant::on(#number) { #now });
        }
    }

    fn visit_arm_mut(&mut self, own: &mut syn::Arm) {
        if let Some((_, guard)) = &mut own.guard {
            let before = (**guard).clone();
            self.visit_expr_mut(guard);
            let now = (**guard).clone();
            **guard = self.condition(&before, now, &[true, false]);
        }
        self.visit_expr_mut(&mut own.body);
    }

    fn visit_expr_match_mut(&mut self, own: &mut syn::ExprMatch) {
        visit_mut::visit_expr_match_mut(self, own);
        let count = own.arms.len();
        let ends_open = own.arms.last().is_some_and(|last| {
            let is_open = match &last.pat {
                Pat::Wild(_) => true,
                // Others, such as `None`, are names of what there is.
                Pat::Ident(own) => own
                    .ident
                    .to_string()
                    .starts_with(|own: char| own.is_lowercase()),
                _ => false,
            };
            last.guard.is_none() && is_open
        });
        if !ends_open {
            return;
        }
        for arm in own.arms.iter_mut().take(count - 1) {
            if arm.guard.is_some() {
                continue;
            }
            let change = format!("the arm `{}` is gone", short(&arm.pat));
            let number = self.number(&arm.pat, change);
            let guard = parse_quote!(!crate::mutant::on(#number));
            arm.guard = Some((Default::default(), guard));
        }
    }

    fn visit_expr_repeat_mut(&mut self, own: &mut syn::ExprRepeat) {
        // The length is a constant.
        self.visit_expr_mut(&mut own.expr);
    }

    fn visit_expr_if_mut(&mut self, own: &mut syn::ExprIf) {
        let before = (*own.cond).clone();
        visit_mut::visit_expr_if_mut(self, own);
        let now = (*own.cond).clone();
        *own.cond = self.condition(&before, now, &[true, false]);
    }

    fn visit_expr_reference_mut(&mut self, own: &mut syn::ExprReference) {
        // What is a constant lives long; what is chosen does not.
        if !matches!(&*own.expr, Expr::Array(_)) {
            visit_mut::visit_expr_reference_mut(self, own);
        }
    }

    fn visit_expr_while_mut(&mut self, own: &mut syn::ExprWhile) {
        let before = (*own.cond).clone();
        visit_mut::visit_expr_while_mut(self, own);
        let now = (*own.cond).clone();
        *own.cond = self.condition(&before, now, &[false]);
    }

    fn visit_expr_method_call_mut(&mut self, own: &mut syn::ExprMethodCall) {
        let before = own.clone();
        visit_mut::visit_expr_method_call_mut(self, own);
        let name = own.method.to_string();
        if CHOOSES.contains(&name.as_str()) {
            for (was, now) in before.args.iter().zip(&mut own.args) {
                if let (Expr::Closure(was), Expr::Closure(now)) = (was, now) {
                    let body = (*now.body).clone();
                    *now.body = self.condition(&was.body, body, &[true, false]);
                }
            }
        }
        if name == "chain" {
            for (was, now) in before.args.iter().zip(&mut own.args) {
                let change = format!("`{}` is not chained", short(was));
                let number = self.number(was, change);
                let chained = now.clone();
                *now = parse_quote!(
                    (#chained).into_iter().filter(|_| !crate::mutant::on(#number))
                );
            }
        }
    }

    fn visit_expr_mut(&mut self, own: &mut Expr) {
        let before = own.clone();
        visit_mut::visit_expr_mut(self, own);
        if let Expr::Macro(all) = own
            && all.mac.path.is_ident("vec")
            && let Some(mut elements) = elements(all)
        {
            for element in &mut elements {
                self.visit_expr_mut(element);
            }
            all.mac.tokens = quote!(#elements);
        }
        let others = others(&before);
        if !others.is_empty() {
            let now = own.clone();
            *own = self.switched(&before, now, others);
        }
    }
}
