//! Modules played as they were written: the file is read again, and its text is followed line by line.
//!
//! Only what our own modules use is known; whatever else a file asks for is refused by its name.
//! Definitions of the operations: the documentation of PyTorch 2.5.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::draws;
use super::operations::{Item, Spectrum, array, first, float, int, ints, shaped, texts_of, truth};
use super::syntax::{self, Expression, Method, Statement};
use crate::array::Array;
use crate::evaluate::{self, Found};
use crate::kernels::elementwise;
use crate::{Error, torch_checkpoint};

/// A module that plays.
pub struct Player {
    path: PathBuf,
    attributes: BTreeMap<String, Item>,
    methods: BTreeMap<String, Method>,
    /// The state of random numbers.
    rng_state: u64,
    /// The budget of the running call.
    left: Budget,
}

/// How much a call may do: a file of ours needs a fifth of it at most.
#[derive(Clone, Copy)]
struct Budget {
    statements: usize,
    numbers: usize,
}

impl Budget {
    const WHOLE: Self = Self { statements: 1 << 20, numbers: 1 << 29 };

    fn spend(&mut self, item: &Item) -> Found<()> {
        let n = match item {
            Item::Array(array) => array.len(),
            Item::Spectrum(spectrum) => 2 * spectrum.bins.len(),
            Item::List(items) => items.len(),
            _ => 1,
        };
        let left = self.statements.checked_sub(1).zip(self.numbers.checked_sub(n));
        let (statements, numbers) = left.ok_or("more work than any model needs")?;
        *self = Self { statements, numbers };
        Ok(())
    }
}

/// How deep methods call methods.
const DEPTH_MAX: usize = 4;
/// How many bytes a file may have.
const TEXT_MAX: usize = 16 << 20;

impl Player {
    /// Reads a module.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or is no module of ours.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let refuse = |what: String| Error::Unsupported { path: path.to_owned(), what };
        let file = torch_checkpoint::open(path)?;
        let code = file.code()?;
        let name = format!("__torch__.{}", super::CLASS);
        let Some(class) = code.classes.get(&name).filter(|text| text.len() < TEXT_MAX) else {
            return Err(refuse("a module without our class".into()));
        };
        let methods = syntax::methods(class).map_err(refuse)?;
        let root = file.root();
        let tensors = file.tensors(root)?.into_iter();
        let tensors = tensors.map(|it| (it.name, Item::Array(Array::new(it.values, it.shape))));
        let mut attributes: BTreeMap<String, Item> = tensors.collect();
        for (key, value) in root.entries() {
            let Some(key) = key.as_str() else { continue };
            let number = value.as_int().map(Item::Int).or(value.as_float().map(Item::Float));
            let plain = value.as_bool().map(Item::Bool).or(number);
            let texts = || -> Option<Vec<Item>> {
                let mut texts = value.items().map(|it| it.as_str()).peekable();
                texts.peek()?;
                texts.map(|it| Some(Item::Text(it?.to_owned()))).collect()
            };
            if let Some(item) = plain.or_else(|| texts().map(Item::List)) {
                attributes.insert(key.to_owned(), item);
            }
        }
        Ok(Self { path: path.to_owned(), attributes, methods, rng_state: 0, left: Budget::WHOLE })
    }

    /// A method with an array `[batch, channels, frames]`; gives the shape and the numbers of what it
    /// returns.
    ///
    /// # Errors
    /// When there is no such method, or it does what is not known here, or what cannot be done with
    /// arrays of this shape.
    pub fn call(&mut self, method: &str, x: &[f32], shape: [usize; 3]) -> Result<Played, Error> {
        if x.len() != shape.iter().product::<usize>() || x.is_empty() {
            return Err(self.refuse(format!("{} numbers as {shape:?}", x.len())));
        }
        let x = Item::Array(Array::new(x.to_vec(), shape.to_vec()));
        match self.run(method, vec![x], DEPTH_MAX) {
            Ok(Item::Array(array)) => {
                Ok(Played { shape: array.shape(), values: array.into_values() })
            }
            Ok(_) => Err(self.refuse(format!("`{method}` without an array for an answer"))),
            Err(what) => Err(self.refuse(format!("`{method}`: {what}"))),
        }
    }

    /// A method without arguments that is run for its effect.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn act(&mut self, method: &str) -> Result<(), Error> {
        let done = self.run(method, vec![], DEPTH_MAX);
        done.map(drop).map_err(|what| self.refuse(format!("`{method}`: {what}")))
    }

    /// Sets a truth value by the method that players use for it.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn set(&mut self, name: &str, value: bool) -> Result<(), Error> {
        let method = format!("set_{name}");
        let done = self.run(&method, vec![Item::Bool(value)], DEPTH_MAX);
        done.map(drop).map_err(|what| self.refuse(format!("`{method}`: {what}")))
    }

    /// The list of texts that a method answers with.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub fn texts(&mut self, method: &str) -> Result<Vec<String>, Error> {
        let found = self.run(method, vec![], DEPTH_MAX);
        let found = found.map_err(|what| self.refuse(format!("`{method}`: {what}")))?;
        texts_of(&found).ok_or_else(|| self.refuse(format!("`{method}` without texts")))
    }

    /// The texts of an attribute.
    #[must_use]
    pub fn labels(&self, name: &str) -> Option<Vec<String>> {
        texts_of(self.attributes.get(name)?)
    }

    /// The whole numbers of an attribute, one or an array of them.
    #[must_use]
    pub fn ints(&self, name: &str) -> Option<Vec<i64>> {
        match self.attributes.get(name)? {
            Item::Int(value) => Some(vec![*value]),
            Item::Array(array) => Some(array.values().iter().map(|x| *x as i64).collect()),
            _ => None,
        }
    }

    /// The truth value of an attribute.
    #[must_use]
    pub fn truth(&self, name: &str) -> Option<bool> {
        truth(self.attributes.get(name)?).ok()
    }

    /// The error that says what of the file cannot be used.
    #[must_use]
    pub fn refuse(&self, what: String) -> Error {
        Error::Unsupported { path: self.path.clone(), what }
    }

    fn run(&mut self, name: &str, arguments: Vec<Item>, depth: usize) -> Found<Item> {
        if depth == DEPTH_MAX {
            self.left = Budget::WHOLE;
        }
        let depth = depth.checked_sub(1).ok_or("methods that call methods so deep")?;
        // Its lines are lent to itself while it runs.
        let method = self.methods.remove(name).ok_or_else(|| format!("no method `{name}`"))?;
        let done = if method.arguments.len() == arguments.len() {
            let mut names: Names = method.arguments.iter().cloned().zip(arguments).collect();
            self.block(&method.body, &mut names, depth)
        } else {
            Err(format!("`{name}` with {} arguments", arguments.len()))
        };
        self.methods.insert(name.to_owned(), method);
        Ok(done?.unwrap_or(Item::None))
    }

    fn block(
        &mut self,
        body: &[Statement],
        names: &mut Names,
        depth: usize,
    ) -> Found<Option<Item>> {
        for statement in body {
            match statement {
                Statement::Return(value) => return self.value(value, names, depth).map(Some),
                Statement::Set(name, value) => {
                    let value = self.value(value, names, depth)?;
                    self.attributes.insert(name.clone(), value);
                }
                Statement::Assign(targets, value) => {
                    let value = self.value(value, names, depth)?;
                    match (&targets[..], value) {
                        ([name], value) => drop(names.insert(name.clone(), value)),
                        (targets, Item::List(items)) if targets.len() == items.len() => {
                            names.extend(targets.iter().cloned().zip(items));
                        }
                        _ => return Err(format!("{} names for one value", targets.len())),
                    }
                }
                Statement::For(name, range, body) => {
                    let n = float(&self.value(range, names, depth)?)?.max(0.0) as i64;
                    for i in 0..n {
                        let i = Item::Int(i);
                        self.left.spend(&i)?;
                        names.insert(name.clone(), i);
                        if let Some(value) = self.block(body, names, depth)? {
                            return Ok(Some(value));
                        }
                    }
                }
                Statement::If(condition, then, otherwise) => {
                    let is_so = truth(&self.value(condition, names, depth)?)?;
                    let chosen = if is_so { then } else { otherwise };
                    if let Some(value) = self.block(chosen, names, depth)? {
                        return Ok(Some(value));
                    }
                }
            }
        }
        Ok(None)
    }

    fn value(&mut self, what: &Expression, names: &Names, depth: usize) -> Found<Item> {
        let made = self.computed(what, names, depth)?;
        self.left.spend(&made)?;
        Ok(made)
    }

    fn computed(&mut self, what: &Expression, names: &Names, depth: usize) -> Found<Item> {
        Ok(match what {
            Expression::Name(name) => {
                names.get(name).cloned().ok_or_else(|| format!("the name `{name}`"))?
            }
            Expression::Attribute(name) => self.attribute(name)?.clone(),
            Expression::Int(value) => Item::Int(*value),
            Expression::Float(value) => Item::Float(*value),
            Expression::Bool(value) => Item::Bool(*value),
            Expression::None => Item::None,
            Expression::Text(text) => Item::Text(text.clone()),
            Expression::List(items) => Item::List(self.values(items, names, depth)?),
            Expression::Method(name, arguments) => {
                let arguments = self.values(arguments, names, depth)?;
                self.run(name, arguments, depth)?
            }
            Expression::Call(name, arguments) if name.ends_with('_') && !name.starts_with("__") => {
                self.change(name, arguments, names, depth)?;
                Item::None
            }
            Expression::Call(name, arguments) => {
                let arguments = self.values(arguments, names, depth)?;
                self.operation(name, &arguments).map_err(|why| format!("`{name}`: {why}"))?
            }
        })
    }

    fn values(&mut self, all: &[Expression], names: &Names, depth: usize) -> Found<Vec<Item>> {
        all.iter().map(|it| self.value(it, names, depth)).collect()
    }

    fn attribute(&self, name: &str) -> Found<&Item> {
        self.attributes.get(name).ok_or_else(|| format!("the attribute `{name}`"))
    }

    /// Changes an attribute, or a slice of one, in place.
    fn change(
        &mut self,
        name: &str,
        arguments: &[Expression],
        names: &Names,
        depth: usize,
    ) -> Found<()> {
        let (place, rest) = arguments.split_first().ok_or("a change of nothing")?;
        let rest = self.values(rest, names, depth)?;
        let (attribute, part) = match place {
            Expression::Attribute(attribute) => (attribute, None),
            Expression::Call(slice, place) if slice == "slice" => match &place[..] {
                [Expression::Attribute(attribute), axis, from, to] => {
                    let range = [axis, from, to].map(|it| int(&self.value(it, names, depth)?));
                    let [axis, from, to] = range;
                    (attribute, Some([axis?, from?, to?]))
                }
                _ => return Err(format!("`{name}` of a part like this")),
            },
            _ => return Err(format!("`{name}` of what is no attribute")),
        };
        let Some(Item::Array(held)) = self.attributes.get_mut(attribute) else {
            return Err(format!("the attribute `{attribute}`"));
        };
        let mut x = std::mem::replace(held, evaluate::scalar(0.0));
        let whole = (0, *x.shape().first().ok_or("a change of a number")?);
        let (axis, range) = match part {
            None => (0, whole),
            Some([axis, from, to]) => {
                let axis = evaluate::axis_of(&x.shape(), axis)?;
                (axis, evaluate::range_of(x.shape()[axis], from, Some(to)))
            }
        };
        let is_whole = part.is_none();
        let changed = match (name, &rest[..]) {
            ("copy_", [Item::Array(new)]) => evaluate::put(&mut x, axis, range, new),
            ("zero_", []) if is_whole => {
                x = evaluate::map(x, |_| 0.0);
                Ok(())
            }
            ("fill_", [value]) if is_whole => {
                float(value).map(|value| x = evaluate::map(x.clone(), |_| value))
            }
            ("add_", [value]) if is_whole => array(value).and_then(|value| {
                x = evaluate::binary(x.clone(), &value, |a, b| a + b)?;
                Ok(())
            }),
            _ => Err(format!("`{name}` with {} arguments", rest.len())),
        };
        self.attributes.insert(attribute.clone(), Item::Array(x));
        changed
    }

    fn operation(&mut self, name: &str, arguments: &[Item]) -> Found<Item> {
        let pair = |f: fn(f32, f32) -> f32| match arguments {
            [Item::Array(a), b] => Ok(Item::Array(evaluate::binary(a.clone(), &array(b)?, f)?)),
            [a, Item::Array(b)] => Ok(Item::Array(evaluate::binary(array(a)?, b, f)?)),
            [a, b] => Ok(Item::Float(f64::from(f(float(a)?, float(b)?)))),
            _ => Err("two values".to_owned()),
        };
        let single = |f: &(dyn Fn(f32) -> f32 + Sync)| {
            Ok(Item::Array(evaluate::map(array(first(arguments)?)?, f)))
        };
        let kernel = |f: fn(&mut [f32])| Ok(Item::Array(array(first(arguments)?)?.map(f)));
        match (name, arguments) {
            ("mul", [Item::Spectrum(a), Item::Spectrum(b)]) => {
                if a.bins.len() != b.bins.len() {
                    return Err("spectra of different shapes".into());
                }
                let bins = a.bins.iter().zip(&b.bins).map(|(a, b)| a * b).collect();
                Ok(Item::Spectrum(Spectrum { outer: a.outer.clone(), bins }))
            }
            ("add", _) => pair(|a, b| a + b),
            ("sub", _) => pair(|a, b| a - b),
            ("mul", _) => pair(|a, b| a * b),
            ("div", _) => pair(|a, b| a / b),
            ("gt", [Item::Int(a), b]) => Ok(Item::Bool(*a as f64 > f64::from(float(b)?))),
            ("gt", _) => pair(|a, b| f32::from(a > b)),
            ("pow", [x, power]) => {
                let power = float(power)?;
                let raise = |x: f32| elementwise::exp_of(elementwise::ln_of(x) * power);
                Ok(Item::Array(evaluate::map(array(x)?, raise)))
            }
            ("leaky_relu", [x, slope]) => {
                let slope = float(slope)?;
                Ok(Item::Array(array(x)?.map(|x| elementwise::leaky_relu(x, slope))))
            }
            ("tanh", _) => kernel(elementwise::tanh),
            ("sigmoid", _) => kernel(elementwise::sigmoid),
            ("softplus", _) => kernel(elementwise::softplus),
            ("log1p", _) => single(&f32::ln_1p),
            ("exp", _) => single(&f32::exp),
            ("erfinv", _) => single(&draws::erf_inv),
            ("zeros_like", _) => single(&|_| 0.0),
            ("multinomial", [shares, Item::Int(1), Item::Bool(true)]) => {
                let shares = array(shares)?;
                let n_rows = shares.shape().first().copied().unwrap_or(0);
                let rows = Array::new(vec![0.0; n_rows], vec![n_rows]);
                let uniform = self.random(&rows, "rand_like");
                Ok(Item::Array(draws::drawn(&shares, uniform.values())?))
            }
            ("sin", _) => single(&f32::sin),
            ("sqrt", _) => single(&f32::sqrt),
            ("clamp_min", [x, least]) => {
                let least = float(least)?;
                Ok(Item::Array(evaluate::map(array(x)?, |x| x.max(least))))
            }
            ("clamp", [x, least, most]) => {
                let (least, most) = (float(least)?, float(most)?);
                // Not `clamp`, which panics for limits in the wrong order.
                Ok(Item::Array(evaluate::map(array(x)?, |x| x.max(least).min(most))))
            }
            ("where", [condition, a, b]) => match array(condition)?.values() {
                [only] => Ok(if *only == 0.0 { b.clone() } else { a.clone() }),
                _ => Err("a choice for each number".into()),
            },
            ("__and__", [a, b]) => Ok(Item::Bool(truth(a)? && truth(b)?)),
            ("__not__", [a]) => Ok(Item::Bool(!truth(a)?)),
            ("float", [x]) => Ok(Item::Float(f64::from(float(x)?))),
            ("annotate", [_, x]) | ("contiguous", [x]) => Ok(x.clone()),
            ("size", [x, axis]) => {
                let shape = array(x)?.shape();
                Ok(Item::Int(shape[evaluate::axis_of(&shape, int(axis)?)?] as i64))
            }
            // To whole numbers, or to floats that hold such.
            ("to", [x, Item::Int(4)]) => Ok(Item::Array(evaluate::map(array(x)?, f32::trunc))),
            ("to", [x, Item::Int(6)]) => Ok(x.clone()),
            ("rand_like" | "randn_like", [x]) => Ok(Item::Array(self.random(&array(x)?, name))),
            ("new_zeros", [_, shape]) => {
                let shape: Vec<usize> =
                    ints(shape)?.into_iter().map(|it| it.max(0) as usize).collect();
                Ok(Item::Array(Array::new(vec![0.0; evaluate::n_numbers(&shape)?], shape)))
            }
            _ => shaped(name, arguments),
        }
    }

    /// Random numbers: `splitmix64` (Steele, Lea and Flood, 2014), and Box and Muller, 1958.
    fn random(&mut self, like: &Array, name: &str) -> Array {
        let mut uniform = || {
            self.rng_state = self.rng_state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = self.rng_state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
        };
        let mut normal = || {
            let radius = (-2.0 * (1.0 - uniform()).ln()).sqrt();
            radius * (std::f32::consts::TAU * uniform()).cos()
        };
        let is_normal = name == "randn_like";
        let values = (0..like.len()).map(|_| if is_normal { normal() } else { 0.0 });
        let mut values: Vec<f32> = values.collect();
        if !is_normal {
            values.iter_mut().for_each(|x| *x = uniform());
        }
        Array::new(values, like.shape())
    }
}

type Names = BTreeMap<String, Item>;

/// The return value of a method.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Its extents.
    pub shape: Vec<usize>,
    /// Its numbers, in C order.
    pub values: Vec<f32>,
}
