//! Products of a catalog.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::field::{ensure, entries, exactly};

/// Most products of one message, over all its sections.
const PRODUCTS: usize = 30;

/// One product.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The catalog that is linked to the account.
    #[garde(length(chars, min = 1))]
    pub catalog_id: String,
    /// The product in it.
    #[garde(length(chars, min = 1))]
    pub product_retailer_id: String,
}

/// Up to 30 products in up to 10 sections.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct ProductSections {
    /// The catalog that is linked to the account.
    #[garde(length(chars, min = 1))]
    pub catalog_id: String,
    /// The groups of products; titled when there are several.
    #[garde(dive, custom(entries(1, 10)), custom(products))]
    pub sections: Vec<ProductSection>,
}

/// A group of products.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct ProductSection {
    /// Up to 24 characters.
    #[garde(length(chars, max = 24))]
    pub title: Option<String>,
    /// The products.
    #[garde(dive, custom(entries(1, PRODUCTS)))]
    pub product_items: Vec<ProductItem>,
}

/// One product of a section.
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct ProductItem {
    /// The product in the catalog.
    #[garde(length(chars, min = 1))]
    pub product_retailer_id: String,
}

/// The whole catalog.
#[skip_serializing_none]
#[derive(Clone, PartialEq, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Catalog {
    /// `catalog_message`.
    #[garde(custom(exactly("catalog_message")))]
    pub name: String,
    /// Its picture.
    pub parameters: Option<Thumbnail>,
}

/// Whose picture stands for the catalog.
#[derive(Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Thumbnail {
    /// A product of the catalog.
    pub thumbnail_product_retailer_id: String,
}

fn products(sections: &[ProductSection], _: &()) -> garde::Result {
    let count: usize = sections.iter().map(|section| section.product_items.len()).sum();
    ensure(count <= PRODUCTS, || {
        format!("must have at most {PRODUCTS} products in all sections together")
    })?;
    let is_titled = |s: &ProductSection| s.title.as_ref().is_some_and(|title| !title.is_empty());
    ensure(sections.len() <= 1 || sections.iter().all(is_titled), || {
        "every section needs a title when there are several".to_owned()
    })
}
